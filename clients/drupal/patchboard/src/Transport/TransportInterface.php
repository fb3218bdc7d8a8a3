<?php

declare(strict_types=1);

namespace Drupal\patchboard\Transport;

/**
 * Carries one request to a Patchboard.
 */
interface TransportInterface {

  /**
   * Posts a body. Follows no redirect: a report is sent where it was meant to go, or not at all.
   *
   * @param string $url
   *   Where to.
   * @param array<string, string> $headers
   *   The headers by name.
   * @param string $body
   *   The body.
   *
   * @return array{status: int, headers: array<string, string>, body: string}
   *   The answer; names of headers in lower case.
   *
   * @throws \Drupal\patchboard\Transport\TransportException
   *   Where there was no answer.
   */
  public function post(string $url, array $headers, string $body): array;

}
