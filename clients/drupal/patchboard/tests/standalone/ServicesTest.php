<?php

declare(strict_types=1);

namespace Drupal\Tests\patchboard\Standalone;

use Drupal\Component\Datetime\TimeInterface;
use Drupal\Core\Config\ConfigFactoryInterface;
use Drupal\Core\Database\Connection;
use Drupal\Core\Extension\Extension;
use Drupal\Core\Extension\ExtensionList;
use Drupal\Core\Extension\ModuleHandlerInterface;
use Drupal\Core\Queue\DelayedRequeueException;
use Drupal\Core\Queue\QueueFactory;
use Drupal\Core\Site\Settings;
use Drupal\Core\State\StateInterface;
use Drupal\patchboard\Inventory;
use Drupal\patchboard\KeyProvider;
use Drupal\patchboard\Plugin\QueueWorker\ReportWorker;
use Drupal\patchboard\Reporter;
use Drupal\patchboard\Schedule;
use Drupal\patchboard\Transport\TransportInterface;
use PHPUnit\Framework\TestCase;
use Psr\Log\LoggerInterface;

/**
 * The services as Drupal would put them together, on stand-ins for what they use of it.
 */
final class ServicesTest extends TestCase {

  private const KEY = 'pb_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
  private const RECEIVED = '{"data": {"report_id": "019a", "received": 3, "added": 2, "updated": 1, "removed": 0}}';

  /**
   * Everything, with these settings; `answer` is what the server says: [status, body, headers].
   */
  private static function site(array $config = [], array $settings = [], array $answer = [200, self::RECEIVED, []]): object {
    $site = new \stdClass();
    $site->state = new class() implements StateInterface {
      public array $values = [];

      public function get(string $key, mixed $default = NULL): mixed {
        return $this->values[$key] ?? $default;
      }

      public function set(string $key, mixed $value): void {
        $this->values[$key] = $value;
      }

      public function delete(string $key): void {
        unset($this->values[$key]);
      }

    };
    $config += ['url' => 'https://pb.example.org', 'key_file' => '', 'signed' => TRUE, 'interval' => 60];
    $site->config = new class($config) implements ConfigFactoryInterface {

      public function __construct(public array $values) {}

      public function get(string $name): mixed {
        return $name === 'patchboard.settings' ? $this : ($this->values[$name] ?? NULL);
      }

    };
    $site->time = new class() implements TimeInterface {
      public int $now = 1793000000;

      public function getRequestTime(): int {
        return $this->now;
      }

      public function getCurrentTime(): int {
        return $this->now;
      }

    };
    $site->log = new class() implements LoggerInterface {
      public array $lines = [];

      public function info(string $text, array $words = []): void {
        $this->lines[] = 'info ' . strtr($text, $words);
      }

      public function error(string $text, array $words = []): void {
        $this->lines[] = 'error ' . strtr($text, $words);
      }

    };
    $site->transport = new class(...$answer) implements TransportInterface {
      public array $sent = [];

      public function __construct(private readonly int $status, private readonly string $body, private readonly array $headers) {}

      public function post(string $url, array $headers, string $body): array {
        $this->sent[] = [$url, $headers, isset($headers['Content-Encoding']) ? gzdecode($body) : $body];
        return ['status' => $this->status, 'headers' => $this->headers, 'body' => $this->body];
      }

    };
    $site->queue = new QueueFactory();
    $site->keys = new KeyProvider($site->state, $site->config, new Settings($settings));
    $inventory = new Inventory(self::modules(), new ExtensionList([]), self::handler(), new Connection(), 'standard');
    $site->reporter = new Reporter($inventory, $site->transport, $site->keys, $site->config, $site->state, $site->time, $site->log);
    $site->schedule = new Schedule($site->config, $site->state, $site->queue, $site->time, $site->reporter);
    return $site;
  }

  /**
   * Three modules: one from drupal.org, one of core, one for tests that is off.
   */
  private static function modules(): ExtensionList {
    $webform = new Extension('module', 'modules/contrib/webform', 'webform');
    $webform->info = ['name' => 'Webform', 'version' => '6.2.7', 'project' => 'webform'];
    $node = new Extension('module', 'core/modules/node', 'node');
    $node->info = ['name' => 'Node', 'version' => '11.1.0', 'package' => 'Core'];
    $test = new Extension('module', 'modules/contrib/webform/tests/webform_test', 'webform_test');
    $test->info = ['name' => 'Test', 'package' => 'Testing', 'project' => 'webform'];
    $test->status = 0;
    return new ExtensionList([$webform, $node, $test]);
  }

  /**
   * The Update module runs.
   */
  private static function handler(): ModuleHandlerInterface {
    $GLOBALS['updates'] = ['webform' => ['status' => 1, 'existing_version' => '6.2.7', 'latest_version' => '6.2.9', 'recommended' => '6.2.9']];
    return new class() implements ModuleHandlerInterface {

      public function moduleExists(string $name): bool {
        return $name === 'update';
      }

      public function loadInclude(string $module, string $type, ?string $name = NULL): bool {
        return $name === 'update.compare';
      }

    };
  }

  /**
   * A report says what is installed, and is remembered.
   */
  public function testReport(): void {
    $site = self::site();
    self::assertFalse($site->reporter->isConfigured());
    $site->keys->keep(self::KEY);
    self::assertTrue($site->reporter->isConfigured());
    self::assertTrue($site->reporter->send()->ok);
    [$url, $headers, $body] = $site->transport->sent[0];
    $report = json_decode($body, TRUE);
    self::assertSame('https://pb.example.org/api/v1/ingest', $url);
    self::assertSame('pb_012345678', $headers['X-Patchboard-Key']);
    self::assertSame(['drupal', 'webform', 'node'], array_column($report['modules'], 'name'));
    self::assertTrue($report['modules'][1]['security_update']);
    self::assertSame(['core_version' => '11.1.0', 'php_version' => PHP_VERSION, 'database' => 'mysql 8.0.39', 'install_profile' => 'standard'], $report['drupal']);
    self::assertSame(['ok' => TRUE, 'message' => '3 received, 2 added, 1 updated, 0 removed', 'at' => 1793000000], $site->reporter->last());
    self::assertSame(['info Report sent: 3 received, 2 added, 1 updated, 0 removed'], $site->log->lines);
    self::assertSame($report, json_decode((string) json_encode($site->reporter->preview()), TRUE));
    self::assertSame([], array_diff(array_keys($site->state->values), Reporter::STATE_KEYS));
  }

  /**
   * The key is found in settings.php first, then in the file that is named, then in state.
   */
  public function testKeys(): void {
    $file = (string) tempnam(sys_get_temp_dir(), 'key');
    file_put_contents($file, "pb_file\n");
    $site = self::site(['key_file' => $file], ['patchboard_key' => 'pb_setting']);
    $site->keys->keep('pb_state');
    self::assertSame('pb_setting', $site->keys->key());
    $site = self::site(['key_file' => $file]);
    $site->keys->keep('pb_state');
    self::assertSame('pb_file', $site->keys->key());
    unlink($file);
    self::assertSame('', $site->keys->key());
    $site = self::site();
    $site->keys->keep('pb_state');
    self::assertSame('pb_state', $site->keys->key());
    $site->keys->keep('');
    self::assertSame('', $site->keys->key());
  }

  /**
   * One report waits at a time, and not before it is due.
   */
  public function testSchedule(): void {
    $site = self::site();
    $site->schedule->queueWhatIsDue();
    self::assertSame([], $site->queue->items, 'nothing without a key');
    $site->keys->keep(self::KEY);
    $counts = [];
    foreach ([0, 60, 3479, 1] as $later) {
      $site->time->now += $later;
      $site->schedule->queueWhatIsDue();
      $counts[] = count($site->queue->items);
    }
    self::assertSame([1, 1, 1, 1], $counts, 'it waits already');
    $site->queue->items = [];
    $site->schedule->queueWhatIsDue();
    self::assertSame(1, count($site->queue->items), 'due again, two minutes early');
    self::assertTrue($site->schedule->isLate());
    $site->reporter->send();
    self::assertFalse($site->schedule->isLate());
    $site->time->now += 2 * 3600 + 1801;
    self::assertTrue($site->schedule->isLate());
  }

  /**
   * What may be taken later is tried again, further apart; what was refused is not.
   */
  public function testWorker(): void {
    $work = static function (object $site): ?int {
      $site->keys->keep(self::KEY);
      try {
        (new ReportWorker([], 'patchboard_report', [], $site->reporter))->processItem([]);
      }
      catch (DelayedRequeueException $later) {
        return $later->getDelay();
      }
      return NULL;
    };
    self::assertNull($work(self::site()));
    $busy = self::site(answer: [503, '', []]);
    self::assertSame([300, 600, 1200], [$work($busy), $work($busy), $work($busy)]);
    self::assertSame(900, $work(self::site(answer: [429, '', ['retry-after' => '900']])));
    $refused = self::site(answer: [401, '{"message": "The signature is not accepted."}', []]);
    self::assertNull($work($refused));
    self::assertSame(['error The report was not received. Patchboard answered 401: The signature is not accepted.'], $refused->log->lines);
    $wrong = self::site(['url' => 'nowhere']);
    self::assertNull($work($wrong));
    self::assertFalse($wrong->reporter->last()['ok']);
    self::assertSame([], $wrong->transport->sent);
  }

}
