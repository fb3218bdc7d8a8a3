<?php

/**
 * @file
 * The little of Drupal that the services use, so that they run without it. Loaded by run.php alone, never inside a Drupal.
 */

declare(strict_types=1);

namespace {

  /**
   * The version of core.
   */
  class Drupal {

    public const VERSION = '11.1.0';

  }

  /**
   * What the Update module has heard: anything, once `$GLOBALS['updates']` holds it.
   */
  function update_get_available(bool $refresh = FALSE): array {
    return $GLOBALS['updates'];
  }

  /**
   * What it makes of that.
   */
  function update_calculate_project_data(array $available): array {
    return $available;
  }

}

namespace Drupal\Core\State {

  interface StateInterface {}

}

namespace Drupal\Core\Config {

  interface ConfigFactoryInterface {}

}

namespace Drupal\Component\Datetime {

  interface TimeInterface {}

}

namespace Psr\Log {

  interface LoggerInterface {}

}

namespace Drupal\Core\Site {

  /**
   * The settings of settings.php.
   */
  class Settings {

    public function __construct(private readonly array $values) {}

    public function get(string $name): mixed {
      return $this->values[$name] ?? NULL;
    }

  }

}

namespace Drupal\Core\Extension {

  interface ModuleHandlerInterface {}

  /**
   * One extension.
   */
  class Extension {

    public array $info = [];
    public int $status = 1;

    public function __construct(private readonly string $type, private readonly string $path, private readonly string $name) {}

    public function getType(): string {
      return $this->type;
    }

    public function getPath(): string {
      return $this->path;
    }

    public function getName(): string {
      return $this->name;
    }

  }

  /**
   * A list of them.
   */
  class ExtensionList {

    public function __construct(private readonly array $extensions) {}

    public function reset(): static {
      return $this;
    }

    public function getList(): array {
      return $this->extensions;
    }

  }

}

namespace Drupal\Core\Database {

  /**
   * A connection.
   */
  class Connection {

    public function driver(): string {
      return 'mysql';
    }

    public function version(): string {
      return '8.0.39';
    }

  }

}

namespace Drupal\Core\Queue {

  /**
   * Gives the one queue there is.
   */
  class QueueFactory {

    public array $items = [];

    public function get(string $name): static {
      return $this;
    }

    public function createQueue(): void {}

    public function numberOfItems(): int {
      return count($this->items);
    }

    public function createItem(mixed $data): int {
      return array_push($this->items, $data);
    }

  }

  /**
   * Says how long an item is to wait.
   */
  class DelayedRequeueException extends \RuntimeException {

    public function __construct(private readonly int $delay = 0, string $message = '') {
      parent::__construct($message);
    }

    public function getDelay(): int {
      return $this->delay;
    }

  }

  abstract class QueueWorkerBase {

    public function __construct(array $configuration, string $plugin_id, mixed $plugin_definition) {}

  }

}

namespace Drupal\Core\Plugin {

  interface ContainerFactoryPluginInterface {}

}
