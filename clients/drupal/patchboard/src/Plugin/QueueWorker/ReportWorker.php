<?php

declare(strict_types=1);

namespace Drupal\patchboard\Plugin\QueueWorker;

use Drupal\Core\Plugin\ContainerFactoryPluginInterface;
use Drupal\Core\Queue\Attribute\QueueWorker;
use Drupal\Core\Queue\DelayedRequeueException;
use Drupal\Core\Queue\QueueWorkerBase;
use Drupal\Core\StringTranslation\TranslatableMarkup;
use Drupal\patchboard\Backoff;
use Drupal\patchboard\Reporter;
use Symfony\Component\DependencyInjection\ContainerInterface;

/**
 * Sends a report that is due. What Patchboard may take later is tried again, further and further apart; what it refused is not.
 *
 * Found by its attribute from Drupal 10.3 on, by its annotation before.
 *
 * @QueueWorker(
 *   id = "patchboard_report",
 *   title = @Translation("Reports to Patchboard"),
 *   cron = {"time" = 60}
 * )
 */
#[QueueWorker(id: 'patchboard_report', title: new TranslatableMarkup('Reports to Patchboard'), cron: ['time' => 60])]
final class ReportWorker extends QueueWorkerBase implements ContainerFactoryPluginInterface {

  public function __construct(array $configuration, string $plugin_id, mixed $plugin_definition, private readonly Reporter $reporter) {
    parent::__construct($configuration, $plugin_id, $plugin_definition);
  }

  /**
   * {@inheritdoc}
   */
  public static function create(ContainerInterface $container, array $configuration, $plugin_id, $plugin_definition): self {
    return new self($configuration, $plugin_id, $plugin_definition, $container->get('patchboard.reporter'));
  }

  /**
   * {@inheritdoc}
   */
  public function processItem($data): void {
    $result = $this->reporter->send();
    if (!$result->ok && $result->mayBeRetried) {
      throw new DelayedRequeueException(Backoff::seconds($this->reporter->failures(), $result->retryAfter), $result->message);
    }
  }

}
