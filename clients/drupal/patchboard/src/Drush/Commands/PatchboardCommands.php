<?php

declare(strict_types=1);

namespace Drupal\patchboard\Drush\Commands;

use Drupal\patchboard\Reporter;
use Drush\Attributes as CLI;
use Drush\Commands\DrushCommands;
use Symfony\Component\DependencyInjection\ContainerInterface;

/**
 * The commands of Patchboard, for Drush 12 and later.
 */
final class PatchboardCommands extends DrushCommands {

  public function __construct(private readonly Reporter $reporter) {
    parent::__construct();
  }

  /**
   * Makes the commands with what they need.
   */
  public static function create(ContainerInterface $container): self {
    return new self($container->get('patchboard.reporter'));
  }

  /**
   * Sends a report now.
   */
  #[CLI\Command(name: 'patchboard:send', aliases: ['pb-send'])]
  #[CLI\Help(description: 'Sends a report to Patchboard now.')]
  #[CLI\Usage(name: 'drush patchboard:send', description: 'After a deployment: Patchboard sees at once what has changed.')]
  public function send(): int {
    $result = $this->reporter->send();
    if (!$result->ok) {
      $this->logger()->error($result->message);
      return self::EXIT_FAILURE;
    }
    $this->logger()->success($result->message);
    return self::EXIT_SUCCESS;
  }

  /**
   * Prints what would be sent.
   */
  #[CLI\Command(name: 'patchboard:show', aliases: ['pb-show'])]
  #[CLI\Help(description: 'Prints the report that would be sent, and sends nothing.')]
  public function show(): void {
    $this->output()->writeln((string) json_encode($this->reporter->preview(), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES));
  }

}
