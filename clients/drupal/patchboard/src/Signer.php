<?php

declare(strict_types=1);

namespace Drupal\patchboard;

/**
 * Signs requests, so that the key proves them without being sent.
 *
 * The signature is HMAC-SHA-256 under the key of five lines: method, path, timestamp, nonce and the SHA-256 of the body as
 * it is sent.
 */
final class Signer {

  /**
   * How many characters of a key name it.
   */
  public const PREFIX = 12;

  public function __construct(#[\SensitiveParameter] private readonly string $key) {}

  /**
   * The headers of one request. Each attempt needs a nonce of its own: Patchboard takes none twice.
   *
   * @return array<string, string>
   *   The values by name.
   */
  public function headers(string $method, string $path, string $body, int $timestamp, string $nonce): array {
    return [
      'X-Patchboard-Key' => substr($this->key, 0, self::PREFIX),
      'X-Patchboard-Timestamp' => (string) $timestamp,
      'X-Patchboard-Nonce' => $nonce,
      'X-Patchboard-Signature' => 'v1=' . $this->digest($method, $path, $body, $timestamp, $nonce),
    ];
  }

  /**
   * The signature in hexadecimal.
   */
  public function digest(string $method, string $path, string $body, int $timestamp, string $nonce): string {
    $text = implode("\n", [$method, $path, $timestamp, $nonce, hash('sha256', $body)]);
    return hash_hmac('sha256', $text, $this->key);
  }

  /**
   * A nonce of 128 random bits.
   */
  public static function nonce(): string {
    return bin2hex(random_bytes(16));
  }

}
