<?php

declare(strict_types=1);

namespace Drupal\patchboard;

use Drupal\patchboard\Transport\TransportException;
use Drupal\patchboard\Transport\TransportInterface;

/**
 * Sends a report to a Patchboard. Knows nothing of Drupal's services, so that it can be tested without them.
 */
final class Client {

  public const PATH = '/api/v1/ingest';
  private const RETRIED = [408, 425, 429, 500, 502, 503, 504];

  /**
   * The pattern of keys.
   */
  public const KEY = '/^pb_[A-Za-z0-9_-]{40,60}$/D';

  private readonly string $target;
  private readonly string $path;

  /**
   * Throws \InvalidArgumentException for an address or a key that cannot be right.
   */
  public function __construct(
    private readonly TransportInterface $transport,
    string $url,
    #[\SensitiveParameter] private readonly string $key,
    private readonly bool $signed = TRUE,
    private readonly string $agent = 'patchboard-drupal',
  ) {
    $parts = parse_url($url);
    if (!is_array($parts) || !in_array($parts['scheme'] ?? '', ['https', 'http'], TRUE) || empty($parts['host'])
      || isset($parts['user']) || isset($parts['query']) || isset($parts['fragment'])) {
      throw new \InvalidArgumentException('The address of the Patchboard is not one: https://patchboard.example.org');
    }
    if (!preg_match(self::KEY, $key)) {
      throw new \InvalidArgumentException('This is no key of Patchboard: a key begins with pb_.');
    }
    $this->path = rtrim($parts['path'] ?? '', '/') . self::PATH;
    $this->target = rtrim($url, '/') . self::PATH;
  }

  /**
   * Sends a report, once. Retrying is for who calls: each attempt is signed anew.
   */
  public function send(array $payload, ?int $now = NULL, ?string $nonce = NULL): Result {
    try {
      $body = json_encode($payload, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    }
    catch (\JsonException) {
      return new Result(FALSE, 0, 'The report cannot be written as JSON.');
    }
    $headers = ['Content-Type' => 'application/json', 'Accept' => 'application/json', 'User-Agent' => $this->agent];
    if (function_exists('gzencode')) {
      $body = (string) gzencode($body);
      $headers['Content-Encoding'] = 'gzip';
    }
    $headers += $this->signed
      ? (new Signer($this->key))->headers('POST', $this->path, $body, $now ?? time(), $nonce ?? Signer::nonce())
      : ['X-API-Key' => $this->key];
    try {
      $answer = $this->transport->post($this->target, $headers, $body);
    }
    catch (TransportException $problem) {
      return new Result(FALSE, 0, 'Patchboard was not reached: ' . $problem->getMessage(), TRUE);
    }
    return $this->read($answer['status'], $answer['headers'], $answer['body']);
  }

  /**
   * What an answer means.
   *
   * @param int $status
   *   The status.
   * @param array<string, string> $headers
   *   The headers, names in lower case.
   * @param string $body
   *   The body.
   */
  private function read(int $status, array $headers, string $body): Result {
    $document = json_decode($body, TRUE);
    $document = is_array($document) ? $document : [];
    if ($status === 200) {
      $data = is_array($document['data'] ?? NULL) ? $document['data'] : [];
      if (!isset($data['report_id'])) {
        return new Result(FALSE, $status, 'What answered is not a Patchboard.');
      }
      $counts = array_map(static fn (string $name): int => (int) ($data[$name] ?? 0), ['received', 'added', 'updated', 'removed']);
      return new Result(TRUE, $status, vsprintf('%d received, %d added, %d updated, %d removed', $counts));
    }
    $reason = is_string($document['message'] ?? NULL) ? substr($document['message'], 0, 500) : 'no reason was given';
    $after = $headers['retry-after'] ?? '';
    $retry = in_array($status, self::RETRIED, TRUE);
    return new Result(FALSE, $status, "Patchboard answered $status: $reason", $retry, $retry && ctype_digit($after) ? min((int) $after, 86400) : NULL);
  }

}
