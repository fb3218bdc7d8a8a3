<?php

declare(strict_types=1);

namespace Drupal\patchboard;

/**
 * How long to wait before the next attempt.
 */
final class Backoff {

  private const FIRST = 300;
  private const LONGEST = 21600;

  /**
   * Seconds until the next attempt: 5 minutes, doubled with each failure, 6 hours at most, and never less than Patchboard asked for.
   *
   * @param int $failures
   *   How many attempts have failed in a row, this one included.
   * @param int|null $asked
   *   What Patchboard asked for (Retry-After).
   */
  public static function seconds(int $failures, ?int $asked = NULL): int {
    $own = min(self::LONGEST, self::FIRST * 2 ** min(max($failures - 1, 0), 10));
    return max($own, $asked ?? 0);
  }

}
