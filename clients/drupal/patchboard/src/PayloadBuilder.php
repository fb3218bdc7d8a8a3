<?php

declare(strict_types=1);

namespace Drupal\patchboard;

/**
 * Makes a report of what a site knows of itself. Knows nothing of Drupal's services, so that it can be tested without them.
 */
final class PayloadBuilder {

  /**
   * How many modules Patchboard takes in one report, and how long a text may be.
   */
  public const MOST = 5000;
  public const LONGEST = 255;

  // The codes of Drupal\update\UpdateManagerInterface; the negative ones of UpdateFetcherInterface mean that nothing is known.
  private const NOT_SECURE = 1;
  private const REVOKED = 2;
  private const NOT_SUPPORTED = 3;
  private const NOT_CURRENT = 4;
  private const CURRENT = 5;

  private const PACKAGE = '#^[a-z0-9]([a-z0-9_.-]*[a-z0-9])?/[a-z0-9]([a-z0-9_.-]*[a-z0-9])?$#D';
  private const TYPES = ['module', 'theme', 'profile', 'theme_engine'];

  /**
   * The report, as Patchboard's own body has it.
   *
   * @param array<string, ?string> $environment
   *   The versions: core, php, database, profile.
   * @param list<array<string, mixed>> $extensions
   *   Of each: name, type, label, version, project, path, enabled, hidden.
   * @param array<string, array<string, mixed>> $updates
   *   What update_calculate_project_data() gives, by project; empty where the Update module does not run.
   * @param array<string, ?string> $packages
   *   Versions of Composer's packages by name. Those of Drupal's extensions are left to the extensions.
   *
   * @return array<string, mixed>
   *   To be sent as JSON.
   */
  public function build(array $environment, array $extensions, array $updates = [], array $packages = []): array {
    $core = self::text($environment['core'] ?? NULL);
    $modules = ['drupal' => ['name' => 'drupal', 'type' => 'core', 'project' => 'drupal', 'version' => $core, 'enabled' => TRUE]];
    foreach ($extensions as $extension) {
      $module = $this->module($extension);
      if ($module !== NULL) {
        $modules[$module['name']] ??= $module;
      }
    }
    foreach ($this->claims($updates) as $project => $claim) {
      $name = $this->standsFor((string) $project, $modules);
      if ($name !== NULL) {
        $modules[$name] += $claim;
      }
    }
    foreach ($packages as $name => $version) {
      $name = strtolower((string) $name);
      if (preg_match(self::PACKAGE, $name) && strlen($name) <= 128 && count($modules) < self::MOST) {
        $modules[$name] = ['name' => $name, 'type' => 'library', 'version' => self::text($version)];
      }
    }
    $drupal = [
      'core_version' => $core,
      'php_version' => self::text($environment['php'] ?? NULL, 64),
      'database' => self::text($environment['database'] ?? NULL),
      'install_profile' => self::text($environment['profile'] ?? NULL, 128),
    ];
    return ['full' => TRUE, 'drupal' => $drupal, 'modules' => array_values($modules)];
  }

  /**
   * One extension as a module of the report; NULL for what is not to be in it.
   *
   * What is not enabled is listed where it is not core's own: its code lies on the server. Hidden and not enabled means that it is
   * there for tests.
   *
   * @return array<string, mixed>|null
   *   The module.
   */
  private function module(array $extension): ?array {
    $name = $extension['name'] ?? '';
    $enabled = !empty($extension['enabled']);
    $inCore = str_starts_with((string) ($extension['path'] ?? ''), 'core/');
    if (!is_string($name) || !preg_match('/^[a-z_][a-z0-9_]{0,127}$/D', $name) || (!$enabled && ($inCore || !empty($extension['hidden'])))) {
      return NULL;
    }
    $project = $extension['project'] ?? '';
    $known = is_string($project) && preg_match('/^[a-z0-9_][a-z0-9_-]{0,127}$/Di', $project);
    return [
      'name' => $name,
      'type' => in_array($extension['type'] ?? '', self::TYPES, TRUE) ? $extension['type'] : 'module',
      'display_name' => self::text($extension['label'] ?? NULL),
      'project' => $inCore ? 'drupal' : ($known ? $project : NULL),
      'version' => self::text($extension['version'] ?? NULL),
      'enabled' => $enabled,
    ];
  }

  /**
   * What Drupal says of the updates of each project that it knows something of.
   *
   * A pending security update counts whatever the code is: "not secure" is said of the installed release alone.
   *
   * @return array<string, array<string, mixed>>
   *   Fields of modules, by project.
   */
  private function claims(array $updates): array {
    $claims = [];
    foreach ($updates as $project => $row) {
      $status = $row['status'] ?? NULL;
      $security = !empty($row['security updates']);
      $recommended = self::text($row['recommended'] ?? NULL);
      [$available, $insecure] = match ($status) {
        self::CURRENT => [$security, $security],
        self::NOT_SECURE => [TRUE, TRUE],
        self::NOT_CURRENT => [TRUE, $security],
        self::REVOKED, self::NOT_SUPPORTED => [$security || ($recommended !== NULL && $recommended !== ($row['existing_version'] ?? NULL)), $security ?: NULL],
        default => $security ? [TRUE, TRUE] : [NULL, NULL],
      };
      if ($available !== NULL) {
        $claims[$project] = [
          'latest_version' => self::text($row['latest_version'] ?? NULL),
          'recommended_version' => $recommended,
          'update_available' => $available,
          'security_update' => $insecure,
        ];
      }
    }
    return $claims;
  }

  /**
   * The module that stands for a project: that of its name, or its first where it has none of its name.
   */
  private function standsFor(string $project, array $modules): ?string {
    if (($modules[$project]['project'] ?? NULL) === $project) {
      return $project;
    }
    $own = array_keys(array_filter($modules, static fn (array $module): bool => ($module['project'] ?? NULL) === $project));
    sort($own);
    return $own[0] ?? NULL;
  }

  /**
   * Text on one line, cut to size; NULL for what is empty or no text. A number is what YAML makes of `version: 1.0`.
   */
  private static function text(mixed $value, int $longest = self::LONGEST): ?string {
    if (is_int($value) || is_float($value)) {
      $value = (string) $value;
    }
    if (!is_string($value) && !$value instanceof \Stringable) {
      return NULL;
    }
    $line = trim((string) preg_replace('/[\x00-\x1f\x7f]+|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]/', ' ', (string) $value));
    if ($line === '' || preg_match('//u', $line) !== 1) {
      return NULL;
    }
    return preg_match('/^.{1,' . $longest . '}/u', $line, $found) ? trim($found[0]) : NULL;
  }

}
