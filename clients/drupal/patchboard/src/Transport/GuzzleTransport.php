<?php

declare(strict_types=1);

namespace Drupal\patchboard\Transport;

use GuzzleHttp\ClientInterface;
use GuzzleHttp\Exception\GuzzleException;
use GuzzleHttp\RequestOptions;

/**
 * Carries requests with Drupal's HTTP client, and so through the proxy that settings.php names.
 */
final class GuzzleTransport implements TransportInterface {

  private const LONGEST_ANSWER = 65536;

  public function __construct(private readonly ClientInterface $client) {}

  /**
   * {@inheritdoc}
   */
  public function post(string $url, array $headers, string $body): array {
    try {
      $answer = $this->client->request('POST', $url, [
        RequestOptions::HEADERS => $headers,
        RequestOptions::BODY => $body,
        RequestOptions::HTTP_ERRORS => FALSE,
        RequestOptions::ALLOW_REDIRECTS => FALSE,
        RequestOptions::CONNECT_TIMEOUT => 10,
        RequestOptions::TIMEOUT => 60,
      ]);
      $named = array_map(static fn (array $values): string => implode(', ', $values), $answer->getHeaders());
      return [
        'status' => $answer->getStatusCode(),
        'headers' => array_change_key_case($named),
        'body' => $answer->getBody()->read(self::LONGEST_ANSWER),
      ];
    }
    catch (GuzzleException | \RuntimeException $problem) {
      throw new TransportException($problem->getMessage(), 0, $problem);
    }
  }

}
