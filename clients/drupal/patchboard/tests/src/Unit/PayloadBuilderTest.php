<?php

declare(strict_types=1);

namespace Drupal\Tests\patchboard\Unit;

use Drupal\patchboard\PayloadBuilder;
use PHPUnit\Framework\TestCase;

/**
 * What a site knows becomes a report that Patchboard takes.
 *
 * @group patchboard
 */
final class PayloadBuilderTest extends TestCase {

  private const ENVIRONMENT = ['core' => '11.1.0', 'php' => '8.3.14', 'database' => 'mysql 8.0.39', 'profile' => 'standard'];

  /**
   * An extension as Inventory describes it.
   */
  public static function extension(string $name, array $more = []): array {
    return $more + [
      'name' => $name, 'type' => 'module', 'label' => ucfirst($name), 'version' => '1.0.0', 'project' => $name,
      'path' => "modules/contrib/$name", 'enabled' => TRUE, 'hidden' => FALSE,
    ];
  }

  /**
   * The modules of a report by name.
   */
  private static function modules(array $extensions, array $updates = [], array $packages = []): array {
    return array_column((new PayloadBuilder())->build(self::ENVIRONMENT, $extensions, $updates, $packages)['modules'], NULL, 'name');
  }

  /**
   * Versions of what the site runs on, and nothing else.
   */
  public function testEnvironment(): void {
    $report = (new PayloadBuilder())->build(self::ENVIRONMENT, []);
    self::assertSame(['full', 'drupal', 'modules'], array_keys($report));
    self::assertSame(['core_version' => '11.1.0', 'php_version' => '8.3.14', 'database' => 'mysql 8.0.39', 'install_profile' => 'standard'], $report['drupal']);
    self::assertSame([['name' => 'drupal', 'type' => 'core', 'project' => 'drupal', 'version' => '11.1.0', 'enabled' => TRUE]], $report['modules']);
  }

  /**
   * Enabled ones are listed, and code that lies there unused; what core brings unused, and what is for tests, is not.
   */
  public function testWhatIsListed(): void {
    $modules = self::modules([
      self::extension('webform', ['version' => '6.2.7']),
      self::extension('node', ['path' => 'core/modules/node', 'project' => NULL, 'version' => '11.1.0']),
      self::extension('ban', ['path' => 'core/modules/ban', 'enabled' => FALSE]),
      self::extension('devel', ['enabled' => FALSE]),
      self::extension('webform_test', ['enabled' => FALSE, 'hidden' => TRUE]),
      self::extension('mine', ['project' => NULL, 'version' => NULL, 'path' => 'modules/custom/mine']),
      self::extension('gin', ['type' => 'theme']),
      self::extension('Not A Name'),
      self::extension('odd', ['type' => 'engine', 'project' => '../etc', 'version' => 2.5, 'label' => "Two\nlines \u{2028}"]),
    ]);
    self::assertSame(['drupal', 'webform', 'node', 'devel', 'mine', 'gin', 'odd'], array_keys($modules));
    self::assertSame('drupal', $modules['node']['project']);
    self::assertFalse($modules['devel']['enabled']);
    self::assertSame([NULL, NULL], [$modules['mine']['project'], $modules['mine']['version']]);
    self::assertSame('theme', $modules['gin']['type']);
    self::assertSame(['module', NULL, '2.5', 'Two lines'], [$modules['odd']['type'], $modules['odd']['project'], $modules['odd']['version'], $modules['odd']['display_name']]);
  }

  /**
   * What Drupal says of a project is said of one of its modules.
   */
  public function testUpdates(): void {
    $row = static fn (int $status, array $more = []): array => $more + [
      'status' => $status, 'existing_version' => '1.0.0', 'latest_version' => '1.2.0', 'recommended' => '1.1.0',
    ];
    $modules = self::modules(
      array_map(self::extension(...), ['current', 'pending', 'insecure', 'older', 'revoked', 'unsupported', 'unknown', 'told']) + [
        20 => self::extension('pack_b', ['project' => 'pack']),
        21 => self::extension('pack_a', ['project' => 'pack']),
        22 => self::extension('webform_ui', ['project' => 'older']),
      ],
      [
        'drupal' => $row(5), 'current' => $row(5), 'pending' => $row(5, ['security updates' => [['version' => '1.0.1']]]), 'insecure' => $row(1),
        'older' => $row(4), 'revoked' => $row(2), 'unsupported' => $row(3, ['recommended' => '1.0.0']), 'unknown' => $row(-2),
        'told' => $row(-4, ['security updates' => [['version' => '1.0.1']]]), 'pack' => $row(4), 'absent' => $row(1),
      ],
    );
    $flags = static fn (string $name): array => [$modules[$name]['update_available'] ?? '-', $modules[$name]['security_update'] ?? '-'];
    self::assertSame([FALSE, FALSE], $flags('drupal'));
    self::assertSame([FALSE, FALSE], $flags('current'));
    self::assertSame([TRUE, TRUE], $flags('pending'));
    self::assertSame([TRUE, TRUE], $flags('insecure'));
    self::assertSame([TRUE, FALSE], $flags('older'));
    self::assertSame([TRUE, '-'], $flags('revoked'));
    self::assertSame([FALSE, '-'], $flags('unsupported'));
    self::assertSame(['-', '-'], $flags('unknown'));
    self::assertSame([TRUE, TRUE], $flags('told'));
    self::assertSame([TRUE, FALSE], $flags('pack_a'));
    self::assertSame(['-', '-'], $flags('pack_b'));
    self::assertSame(['-', '-'], $flags('webform_ui'));
    self::assertSame(['1.2.0', '1.1.0'], [$modules['older']['latest_version'], $modules['older']['recommended_version']]);
    self::assertFalse(isset($modules['absent']));
  }

  /**
   * Composer's packages are libraries, and there are never too many.
   */
  public function testPackages(): void {
    $modules = self::modules([], [], ['symfony/http-kernel' => 'v6.4.13', 'acme/none' => NULL, 'no vendor' => '1', 'a/b/c' => '1']);
    self::assertSame(['drupal', 'symfony/http-kernel', 'acme/none'], array_keys($modules));
    self::assertSame(['name' => 'symfony/http-kernel', 'type' => 'library', 'version' => 'v6.4.13'], $modules['symfony/http-kernel']);
    $many = array_fill_keys(array_map(static fn (int $number): string => "acme/p$number", range(1, 6000)), '1.0.0');
    self::assertSame(PayloadBuilder::MOST, count(self::modules([], [], $many)));
  }

  /**
   * Texts are cut, and what is no text is left out.
   */
  public function testTexts(): void {
    $modules = self::modules([
      self::extension('long', ['version' => str_repeat('ü', 400), 'label' => ['array']]),
      self::extension('bad', ['version' => "\xff\xfe", 'label' => '  ']),
    ]);
    self::assertSame(255, mb_strlen_of($modules['long']['version']));
    self::assertSame([NULL, NULL, NULL], [$modules['long']['display_name'], $modules['bad']['version'], $modules['bad']['display_name']]);
  }

}

/**
 * Characters of a text, also where PHP has no mbstring.
 */
function mb_strlen_of(string $text): int {
  return (int) preg_match_all('/./u', $text);
}
