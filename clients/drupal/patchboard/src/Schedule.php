<?php

declare(strict_types=1);

namespace Drupal\patchboard;

use Drupal\Component\Datetime\TimeInterface;
use Drupal\Core\Config\ConfigFactoryInterface;
use Drupal\Core\Queue\QueueFactory;
use Drupal\Core\State\StateInterface;

/**
 * When the next report is due. It is queued by cron, one at a time, and what it says is collected when it is sent.
 */
final class Schedule {

  public const QUEUE = 'patchboard_report';
  public const QUEUED = 'patchboard.queued';

  // Cron may be a little early every time: within this, a report is due already.
  private const EARLY = 120;

  public function __construct(
    private readonly ConfigFactoryInterface $configFactory,
    private readonly StateInterface $state,
    private readonly QueueFactory $queues,
    private readonly TimeInterface $time,
    private readonly Reporter $reporter,
  ) {}

  /**
   * Puts a report into the queue where one is due and none waits there.
   */
  public function queueWhatIsDue(): void {
    $now = $this->time->getRequestTime();
    if (!$this->reporter->isConfigured() || $now - (int) $this->state->get(self::QUEUED, 0) < $this->interval() - self::EARLY) {
      return;
    }
    $queue = $this->queues->get(self::QUEUE);
    $queue->createQueue();
    if ($queue->numberOfItems() === 0 && $queue->createItem([]) !== FALSE) {
      $this->state->set(self::QUEUED, $now);
    }
  }

  /**
   * Whether the last report that was received is more than two intervals old.
   */
  public function isLate(): bool {
    return $this->time->getRequestTime() - (int) $this->state->get(Reporter::SENT, 0) > 2 * $this->interval() + 1800;
  }

  /**
   * Seconds between two reports.
   */
  private function interval(): int {
    return 60 * max(15, (int) $this->configFactory->get('patchboard.settings')->get('interval'));
  }

}
