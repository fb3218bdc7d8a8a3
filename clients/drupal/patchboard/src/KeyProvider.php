<?php

declare(strict_types=1);

namespace Drupal\patchboard;

use Drupal\Core\Config\ConfigFactoryInterface;
use Drupal\Core\Site\Settings;
use Drupal\Core\State\StateInterface;

/**
 * Finds the key of this site: in settings.php, in a file, or in state. Never in configuration, which is exported.
 */
final class KeyProvider {

  public const STATE = 'patchboard.key';
  public const SETTING = 'patchboard_key';

  public function __construct(
    private readonly StateInterface $state,
    private readonly ConfigFactoryInterface $configFactory,
    private readonly Settings $settings,
  ) {}

  /**
   * The key, or an empty text where there is none.
   */
  public function key(): string {
    $given = $this->settings->get(self::SETTING);
    if (is_string($given) && $given !== '') {
      return trim($given);
    }
    $file = (string) $this->configFactory->get('patchboard.settings')->get('key_file');
    if ($file !== '') {
      return is_file($file) && is_readable($file) ? trim((string) file_get_contents($file, FALSE, NULL, 0, 1024)) : '';
    }
    return (string) $this->state->get(self::STATE, '');
  }

  /**
   * Keeps a key in state; an empty one is forgotten.
   */
  public function keep(#[\SensitiveParameter] string $key): void {
    if ($key === '') {
      $this->state->delete(self::STATE);
      return;
    }
    $this->state->set(self::STATE, $key);
  }

}
