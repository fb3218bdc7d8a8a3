<?php

declare(strict_types=1);

namespace Drupal\patchboard;

use Drupal\Component\Datetime\TimeInterface;
use Drupal\Core\Config\ConfigFactoryInterface;
use Drupal\Core\State\StateInterface;
use Drupal\patchboard\Transport\TransportInterface;
use Psr\Log\LoggerInterface;

/**
 * Sends the report of this moment, and remembers what became of it.
 */
final class Reporter {

  public const LAST = 'patchboard.last';
  public const SENT = 'patchboard.sent';
  public const FAILURES = 'patchboard.failures';
  public const STATE_KEYS = [self::LAST, self::SENT, self::FAILURES, KeyProvider::STATE, Schedule::QUEUED];

  public function __construct(
    private readonly Inventory $inventory,
    private readonly TransportInterface $transport,
    private readonly KeyProvider $keys,
    private readonly ConfigFactoryInterface $configFactory,
    private readonly StateInterface $state,
    private readonly TimeInterface $time,
    private readonly LoggerInterface $logger,
  ) {}

  /**
   * Whether there is an address and a key.
   */
  public function isConfigured(): bool {
    return (string) $this->configFactory->get('patchboard.settings')->get('url') !== '' && $this->keys->key() !== '';
  }

  /**
   * Sends a report.
   */
  public function send(): Result {
    $config = $this->configFactory->get('patchboard.settings');
    try {
      $client = new Client($this->transport, (string) $config->get('url'), $this->keys->key(), (bool) $config->get('signed'));
      $result = $client->send($this->inventory->report());
    }
    catch (\InvalidArgumentException $problem) {
      $result = new Result(FALSE, 0, $problem->getMessage());
    }
    $this->remember($result);
    return $result;
  }

  /**
   * The report of this moment, for somebody to look at.
   *
   * @return array<string, mixed>
   *   What would be sent.
   */
  public function preview(): array {
    return $this->inventory->report();
  }

  /**
   * What became of the last attempt: ok, message, at; NULL before the first.
   *
   * @return array{ok: bool, message: string, at: int}|null
   *   The outcome.
   */
  public function last(): ?array {
    return $this->state->get(self::LAST);
  }

  /**
   * How many attempts have failed since the last that did not.
   */
  public function failures(): int {
    return (int) $this->state->get(self::FAILURES, 0);
  }

  /**
   * Notes the outcome. The message is Patchboard's own, which never repeats what came in.
   */
  private function remember(Result $result): void {
    $now = $this->time->getCurrentTime();
    $this->state->set(self::LAST, ['ok' => $result->ok, 'message' => $result->message, 'at' => $now]);
    $this->state->set(self::FAILURES, $result->ok ? 0 : $this->failures() + 1);
    if ($result->ok) {
      $this->state->set(self::SENT, $now);
      $this->logger->info('Report sent: @message', ['@message' => $result->message]);
      return;
    }
    $this->logger->error('The report was not received. @message', ['@message' => $result->message]);
  }

}
