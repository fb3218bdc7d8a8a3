<?php

declare(strict_types=1);

namespace Drupal\Tests\patchboard\Unit;

use Drupal\patchboard\Backoff;
use Drupal\patchboard\Client;
use Drupal\patchboard\Signer;
use Drupal\patchboard\Transport\TransportException;
use Drupal\patchboard\Transport\TransportInterface;
use PHPUnit\Framework\TestCase;

/**
 * A report goes where it should, signed or with its key, and every answer means something.
 *
 * @group patchboard
 */
final class ClientTest extends TestCase {

  private const KEY = 'pb_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
  private const RECEIVED = '{"data": {"report_id": "019a", "received": 3, "added": 2, "updated": 1, "removed": 0}}';

  /**
   * A transport that answers as it is told, and keeps what it was given.
   */
  private static function transport(int $status, string $body = '{}', array $headers = []): TransportInterface {
    return new class($status, $body, $headers) implements TransportInterface {

      public array $asked = [];

      public function __construct(private readonly int $status, private readonly string $body, private readonly array $headers) {}

      /**
       * {@inheritdoc}
       */
      public function post(string $url, array $headers, string $body): array {
        $this->asked = ['url' => $url, 'headers' => $headers, 'body' => $body];
        if ($this->status === 0) {
          throw new TransportException('no route to host');
        }
        return ['status' => $this->status, 'headers' => $this->headers, 'body' => $this->body];
      }

    };
  }

  /**
   * A signed report has a signature of the bytes that are sent, and not the key.
   */
  public function testSigned(): void {
    $transport = self::transport(200, self::RECEIVED);
    $result = (new Client($transport, 'https://pb.example.org/base/', self::KEY))->send(['modules' => []], 1793000000, 'nonce-of-sixteen');
    self::assertTrue($result->ok);
    self::assertSame('3 received, 2 added, 1 updated, 0 removed', $result->message);
    self::assertSame('https://pb.example.org/base/api/v1/ingest', $transport->asked['url']);
    $headers = $transport->asked['headers'];
    $expected = (new Signer(self::KEY))->headers('POST', '/base/api/v1/ingest', $transport->asked['body'], 1793000000, 'nonce-of-sixteen');
    self::assertSame($expected, array_intersect_key($headers, $expected));
    self::assertFalse(str_contains(serialize($transport->asked), self::KEY));
    $body = isset($headers['Content-Encoding']) ? gzdecode($transport->asked['body']) : $transport->asked['body'];
    self::assertSame('{"modules":[]}', $body);
  }

  /**
   * Unsigned, the key is sent.
   */
  public function testWithKey(): void {
    $transport = self::transport(200, self::RECEIVED);
    (new Client($transport, 'http://localhost:8000', self::KEY, FALSE))->send(['modules' => []]);
    self::assertSame(self::KEY, $transport->asked['headers']['X-API-Key']);
    self::assertFalse(isset($transport->asked['headers']['X-Patchboard-Signature']));
  }

  /**
   * What answers mean.
   */
  public function testAnswers(): void {
    $send = static function (int $status, string $body = '{}', array $headers = []): array {
      $result = (new Client(self::transport($status, $body, $headers), 'https://pb.example.org', self::KEY))->send([]);
      return [$result->ok, $result->mayBeRetried, $result->retryAfter, $result->message];
    };
    self::assertSame([FALSE, TRUE, NULL, 'Patchboard was not reached: no route to host'], $send(0));
    self::assertSame([FALSE, FALSE, NULL, 'Patchboard answered 401: Stale.'], $send(401, '{"message": "Stale."}'));
    self::assertSame([FALSE, FALSE, NULL, 'Patchboard answered 422: no reason was given'], $send(422, '<html>'));
    self::assertSame([FALSE, TRUE, 90, 'Patchboard answered 429: Slow down.'], $send(429, '{"message": "Slow down."}', ['retry-after' => '90']));
    self::assertSame([FALSE, TRUE, 86400, 'Patchboard answered 503: no reason was given'], $send(503, '', ['retry-after' => '999999']));
    self::assertSame([FALSE, FALSE, NULL, 'Patchboard answered 302: no reason was given'], $send(302));
    self::assertSame([FALSE, FALSE, NULL, 'What answered is not a Patchboard.'], $send(200, '<html>'));
  }

  /**
   * What cannot be JSON is not sent.
   */
  public function testUnsendable(): void {
    $transport = self::transport(200, self::RECEIVED);
    self::assertFalse((new Client($transport, 'https://pb.example.org', self::KEY))->send(["\xff"])->ok);
    self::assertSame([], $transport->asked);
  }

  /**
   * Addresses and keys that cannot be right are refused before anything is sent.
   */
  public function testAddresses(): void {
    $refused = 0;
    $wrong = ['', 'pb.example.org', 'ftp://x', 'https://user:secret@x', 'https://x?a=b', 'https://x#a', 'javascript:alert(1)'];
    foreach ([...array_map(static fn (string $url): array => [$url, self::KEY], $wrong), ['https://x', ''], ['https://x', "pb_x\n"]] as [$url, $key]) {
      try {
        new Client(self::transport(200), $url, $key);
      }
      catch (\InvalidArgumentException $problem) {
        $refused++;
        self::assertFalse($key !== '' && str_contains($problem->getMessage(), $key));
      }
    }
    self::assertSame(count($wrong) + 2, $refused);
  }

  /**
   * Attempts are further and further apart, and never sooner than asked for.
   */
  public function testBackoff(): void {
    self::assertSame([300, 300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600], array_map(Backoff::seconds(...), range(0, 9)));
    self::assertSame(21600, Backoff::seconds(5000));
    self::assertSame(7200, Backoff::seconds(1, 7200));
    self::assertSame(600, Backoff::seconds(2, 10));
  }

}
