<?php

/**
 * @file
 * Runs the unit tests with nothing but PHP: `php tests/run.php`. They are PHPUnit's, of which only a little is needed.
 *
 * Exits with 1 where a test has failed. Where PHPUnit is (in a Drupal project), `phpunit modules/.../patchboard/tests` runs them too.
 */

declare(strict_types=1);

namespace PHPUnit\Framework {

  if (!class_exists(TestCase::class)) {

    /**
     * The part of PHPUnit's TestCase that the tests use.
     */
    abstract class TestCase {

      public int $assertions = 0;
      public ?string $expected = NULL;

      public static function assertSame(mixed $expected, mixed $actual, string $message = ''): void {
        Stand::$current->assertions++;
        if ($expected !== $actual) {
          throw new \UnexpectedValueException(trim("$message\n    expected " . var_export($expected, TRUE) . "\n    got " . var_export($actual, TRUE)));
        }
      }

      public static function assertTrue(mixed $actual, string $message = ''): void {
        self::assertSame(TRUE, $actual, $message);
      }

      public static function assertFalse(mixed $actual, string $message = ''): void {
        self::assertSame(FALSE, $actual, $message);
      }

      public static function assertNull(mixed $actual, string $message = ''): void {
        self::assertSame(NULL, $actual, $message);
      }

      public function expectException(string $class): void {
        $this->expected = $class;
      }

    }

    /**
     * Which test is running.
     */
    final class Stand {

      public static ?TestCase $current = NULL;

    }

  }

}

namespace {

  use PHPUnit\Framework\Stand;

  error_reporting(E_ALL);
  set_error_handler(static function (int $level, string $text, string $file, int $line): never {
    throw new ErrorException($text, 0, $level, $file, $line);
  });
  spl_autoload_register(static function (string $class): void {
    foreach (['Drupal\\Tests\\patchboard\\' => __DIR__ . '/src/', 'Drupal\\patchboard\\' => dirname(__DIR__) . '/src/'] as $prefix => $folder) {
      if (str_starts_with($class, $prefix)) {
        require $folder . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
      }
    }
  });

  require __DIR__ . '/standalone/stand_ins.php';
  require __DIR__ . '/standalone/ServicesTest.php';

  $failed = $ran = $assertions = 0;
  $units = array_map(static fn (string $file): string => 'Drupal\\Tests\\patchboard\\Unit\\' . basename($file, '.php'), glob(__DIR__ . '/src/Unit/*Test.php') ?: []);
  foreach ([...$units, 'Drupal\\Tests\\patchboard\\Standalone\\ServicesTest'] as $class) {
    foreach (get_class_methods($class) as $method) {
      if (!str_starts_with($method, 'test')) {
        continue;
      }
      $test = Stand::$current = new $class();
      $ran++;
      $problem = NULL;
      try {
        $test->$method();
        $problem = $test->expected === NULL ? NULL : "$test->expected was not thrown";
        $problem ??= $test->expected === NULL && $test->assertions === 0 ? 'it asserts nothing' : NULL;
      }
      catch (Throwable $thrown) {
        if ($test->expected === NULL || !$thrown instanceof $test->expected) {
          $problem = get_class($thrown) . ': ' . $thrown->getMessage() . ' (' . basename($thrown->getFile()) . ':' . $thrown->getLine() . ')';
        }
      }
      $assertions += $test->assertions;
      $failed += (int) ($problem !== NULL);
      echo $problem === NULL ? "ok $class::$method\n" : "FAILED $class::$method\n  $problem\n";
    }
  }
  echo "$ran tests, $assertions assertions, $failed failed\n";
  exit($failed > 0 || $ran === 0 ? 1 : 0);

}
