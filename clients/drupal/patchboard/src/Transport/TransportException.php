<?php

declare(strict_types=1);

namespace Drupal\patchboard\Transport;

/**
 * There was no answer.
 */
final class TransportException extends \RuntimeException {}
