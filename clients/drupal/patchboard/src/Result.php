<?php

declare(strict_types=1);

namespace Drupal\patchboard;

/**
 * What became of a report.
 */
final class Result {

  public function __construct(
    public readonly bool $ok,
    public readonly int $status,
    public readonly string $message,
    public readonly bool $mayBeRetried = FALSE,
    public readonly ?int $retryAfter = NULL,
  ) {}

}
