<?php

declare(strict_types=1);

namespace Drupal\patchboard\Form;

use Drupal\Component\Utility\UrlHelper;
use Drupal\Core\Form\ConfigFormBase;
use Drupal\Core\Form\FormStateInterface;
use Drupal\Core\Site\Settings;
use Drupal\patchboard\Client;
use Drupal\patchboard\KeyProvider;
use Drupal\patchboard\Reporter;
use Symfony\Component\DependencyInjection\ContainerInterface;

/**
 * Where this site reports to, with which key, and how often.
 */
final class SettingsForm extends ConfigFormBase {

  // Not promoted in the constructor, as the parent's differs between Drupal 10 and 11; protected, as forms are serialized there.
  protected KeyProvider $keys;
  protected Reporter $reporter;

  /**
   * {@inheritdoc}
   */
  public static function create(ContainerInterface $container): static {
    $form = parent::create($container);
    $form->keys = $container->get('patchboard.key');
    $form->reporter = $container->get('patchboard.reporter');
    return $form;
  }

  /**
   * {@inheritdoc}
   */
  public function getFormId(): string {
    return 'patchboard_settings';
  }

  /**
   * {@inheritdoc}
   */
  protected function getEditableConfigNames(): array {
    return ['patchboard.settings'];
  }

  /**
   * {@inheritdoc}
   */
  public function buildForm(array $form, FormStateInterface $form_state): array {
    $config = $this->config('patchboard.settings');
    $last = $this->reporter->last();
    if ($last !== NULL) {
      $form['last'] = [
        '#type' => 'item',
        '#title' => $last['ok'] ? $this->t('Last report') : $this->t('The last report was not received'),
        '#plain_text' => $last['message'],
      ];
    }
    $form['url'] = [
      '#type' => 'url',
      '#title' => $this->t('Address'),
      '#description' => $this->t('Where the Patchboard is, for example https://patchboard.example.org'),
      '#default_value' => $config->get('url'),
      '#required' => TRUE,
    ];
    $form += $this->keyFields((string) $config->get('key_file'));
    $form['signed'] = [
      '#type' => 'checkbox',
      '#title' => $this->t('Sign reports'),
      '#description' => $this->t('The key itself is then not sent. It needs a clock that is right within five minutes.'),
      '#default_value' => $config->get('signed'),
    ];
    $form['interval'] = [
      '#type' => 'number',
      '#title' => $this->t('Minutes between reports'),
      '#description' => $this->t('Reports are sent by cron, so that they are no closer together than its runs.'),
      '#default_value' => $config->get('interval'),
      '#min' => 15,
      '#max' => 43200,
      '#required' => TRUE,
    ];
    $form['send'] = ['#type' => 'checkbox', '#title' => $this->t('Send a report when this is saved'), '#default_value' => TRUE];
    return parent::buildForm($form, $form_state);
  }

  /**
   * The fields of the key, or a word on it where settings.php has it.
   *
   * @return array<string, mixed>
   *   Form elements.
   */
  private function keyFields(string $file): array {
    if (Settings::get(KeyProvider::SETTING)) {
      return ['from_settings' => ['#type' => 'item', '#title' => $this->t('Key'), '#plain_text' => $this->t('It stands in settings.php.')]];
    }
    return [
      'key' => [
        '#type' => 'password',
        '#title' => $this->t('Key of this site'),
        '#description' => $this->keys->key() === ''
          ? $this->t('Patchboard shows it once, when it is made. It is kept in the database, and in no exported configuration.')
          : $this->t('There is one. Leave this empty to keep it.'),
        '#maxlength' => 64,
      ],
      'key_file' => [
        '#type' => 'textfield',
        '#title' => $this->t('File with the key'),
        '#description' => $this->t('Instead of a key above: a file outside the web root that holds the key and nothing else.'),
        '#default_value' => $file,
      ],
    ];
  }

  /**
   * {@inheritdoc}
   */
  public function validateForm(array &$form, FormStateInterface $form_state): void {
    parent::validateForm($form, $form_state);
    $url = (string) $form_state->getValue('url');
    $parts = UrlHelper::isValid($url, TRUE) ? parse_url($url) : FALSE;
    if (!is_array($parts) || isset($parts['user']) || isset($parts['query']) || isset($parts['fragment'])) {
      $form_state->setErrorByName('url', $this->t('This is no address of a Patchboard: https://patchboard.example.org'));
    }
    $key = trim((string) $form_state->getValue('key'));
    if ($key !== '' && !preg_match(Client::KEY, $key)) {
      $form_state->setErrorByName('key', $this->t('This is no key of Patchboard: a key begins with pb_.'));
    }
    $file = trim((string) $form_state->getValue('key_file'));
    if ($file !== '' && !is_readable($file)) {
      $form_state->setErrorByName('key_file', $this->t('This file cannot be read.'));
    }
  }

  /**
   * {@inheritdoc}
   */
  public function submitForm(array &$form, FormStateInterface $form_state): void {
    $this->config('patchboard.settings')
      ->set('url', rtrim((string) $form_state->getValue('url'), '/'))
      ->set('key_file', trim((string) $form_state->getValue('key_file')))
      ->set('signed', (bool) $form_state->getValue('signed'))
      ->set('interval', (int) $form_state->getValue('interval'))
      ->save();
    $key = trim((string) $form_state->getValue('key'));
    if ($key !== '') {
      $this->keys->keep($key);
    }
    parent::submitForm($form, $form_state);
    if ($form_state->getValue('send') && $this->reporter->isConfigured()) {
      $result = $this->reporter->send();
      $result->ok
        ? $this->messenger()->addStatus($this->t('The report was received: @message', ['@message' => $result->message]))
        : $this->messenger()->addError($this->t('The report was not received. @message', ['@message' => $result->message]));
    }
  }

}
