<?php

declare(strict_types=1);

namespace Drupal\patchboard;

use Composer\InstalledVersions;
use Drupal\Core\Database\Connection;
use Drupal\Core\Extension\Extension;
use Drupal\Core\Extension\ExtensionList;
use Drupal\Core\Extension\ModuleHandlerInterface;

/**
 * Asks Drupal what there is: extensions, versions, updates. Nothing of people, content or addresses.
 */
final class Inventory {

  public function __construct(
    private readonly ExtensionList $modules,
    private readonly ExtensionList $themes,
    private readonly ModuleHandlerInterface $moduleHandler,
    private readonly Connection $database,
    private readonly string|false|null $profile,
  ) {}

  /**
   * The report of this moment.
   *
   * @return array<string, mixed>
   *   To be sent as JSON.
   */
  public function report(): array {
    $environment = [
      'core' => \Drupal::VERSION,
      'php' => PHP_VERSION,
      'database' => $this->database->driver() . ' ' . $this->database->version(),
      'profile' => $this->profile ?: NULL,
    ];
    return (new PayloadBuilder())->build($environment, $this->extensions(), $this->updates(), $this->packages());
  }

  /**
   * Modules, profiles and themes, enabled or not.
   *
   * @return list<array<string, mixed>>
   *   As PayloadBuilder takes them.
   */
  private function extensions(): array {
    $found = [];
    foreach ([$this->modules, $this->themes] as $list) {
      foreach ($list->reset()->getList() as $extension) {
        $found[] = $this->described($extension);
      }
    }
    return $found;
  }

  /**
   * One extension.
   *
   * @return array<string, mixed>
   *   As PayloadBuilder takes it.
   */
  private function described(Extension $extension): array {
    $info = $extension->info ?? [];
    return [
      'name' => $extension->getName(),
      'type' => $extension->getType(),
      'label' => $info['name'] ?? NULL,
      'version' => $info['version'] ?? NULL,
      'project' => $info['project'] ?? NULL,
      'path' => $extension->getPath(),
      'enabled' => !empty($extension->status),
      'hidden' => !empty($info['hidden']) || ($info['package'] ?? '') === 'Testing',
    ];
  }

  /**
   * What the Update module last heard; empty where it does not run, or has heard nothing yet. Asks nobody now.
   *
   * @return array<string, array<string, mixed>>
   *   By project.
   */
  private function updates(): array {
    if (!$this->moduleHandler->moduleExists('update')) {
      return [];
    }
    $this->moduleHandler->loadInclude('update', 'inc', 'update.compare');
    if (!function_exists('update_get_available') || !function_exists('update_calculate_project_data')) {
      return [];
    }
    $available = update_get_available(FALSE);
    return $available ? update_calculate_project_data($available) : [];
  }

  /**
   * Versions of Composer's packages that are no extensions of Drupal.
   *
   * @return array<string, ?string>
   *   By name.
   */
  private function packages(): array {
    $found = [];
    foreach (class_exists(InstalledVersions::class) ? InstalledVersions::getAllRawData() : [] as $data) {
      foreach ($data['versions'] ?? [] as $name => $package) {
        $type = $package['type'] ?? '';
        $isRoot = $name === ($data['root']['name'] ?? '');
        if (isset($package['pretty_version']) && !$isRoot && $name !== 'drupal/core' && !preg_match('/^drupal-(custom-)?(module|theme|profile)/', $type)) {
          $found[$name] = $package['pretty_version'];
        }
      }
    }
    return $found;
  }

}
