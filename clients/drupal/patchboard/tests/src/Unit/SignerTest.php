<?php

declare(strict_types=1);

namespace Drupal\Tests\patchboard\Unit;

use Drupal\patchboard\Signer;
use PHPUnit\Framework\TestCase;

/**
 * Signatures are those that the server makes, by the vectors that both are held to.
 *
 * @group patchboard
 */
final class SignerTest extends TestCase {

  /**
   * Every shared vector.
   */
  public function testVectors(): void {
    $file = getenv('PATCHBOARD_VECTORS') ?: dirname(__DIR__, 5) . '/signature-vectors.json';
    $vectors = json_decode((string) file_get_contents($file), TRUE, 16, JSON_THROW_ON_ERROR)['vectors'];
    self::assertTrue(count($vectors) >= 8);
    foreach ($vectors as $vector) {
      $body = $vector['body'] ?? hex2bin($vector['body_hex']);
      $made = (new Signer($vector['secret']))->headers($vector['method'], $vector['path'], $body, (int) $vector['timestamp'], $vector['nonce']);
      self::assertSame($vector['signature'], $made['X-Patchboard-Signature'], $vector['name']);
      self::assertSame(substr($vector['secret'], 0, 12), $made['X-Patchboard-Key']);
      self::assertSame([$vector['timestamp'], $vector['nonce']], [$made['X-Patchboard-Timestamp'], $made['X-Patchboard-Nonce']]);
    }
  }

  /**
   * Nonces are long enough, of allowed characters, and not the same twice.
   */
  public function testNonces(): void {
    $nonces = array_map(static fn (): string => Signer::nonce(), range(1, 100));
    self::assertSame(100, count(array_unique($nonces)));
    foreach ($nonces as $nonce) {
      self::assertSame(1, preg_match('/^[0-9a-f]{32}$/D', $nonce));
    }
  }

}
