/** Languages, tags and addresses of what the demo tenants have written; `seedDemo` puts them beside the nodes, in each tenant's transaction. */
import type { Transaction } from 'kysely'
import type { Database } from '../db/schema.ts'

interface DemoText {
  readonly title: string
  readonly body: string
  readonly slug: string
}

interface DemoExtras {
  readonly tags: readonly string[]
  readonly slug?: string
  /** By language. */
  readonly translations?: Readonly<Record<string, DemoText>>
}

/** By title. */
const EXTRAS: Readonly<Record<string, DemoExtras>> = {
  'Welcome to the new intranet': {
    tags: ['intranet', 'news'],
    slug: 'welcome',
    translations: {
      de: {
        title: 'Willkommen im neuen Intranet',
        body: 'Alles an einem Ort: Neuigkeiten, Richtlinien und der Speiseplan.',
        slug: 'willkommen',
      },
      'pt-BR': {
        title: 'Bem-vindo à nova intranet',
        body: 'Tudo em um só lugar: notícias, políticas e o cardápio.',
        slug: 'bem-vindo',
      },
    },
  },
  'Travel policy 2027': { tags: ['policy', 'travel'], slug: 'travel-policy' },
  'Anvil safety, part one': {
    tags: ['anvils', 'safety'],
    slug: 'anvil-safety-1',
    translations: {
      de: {
        title: 'Sicherheit am Amboss, Teil eins',
        body: 'Ein Amboss fällt immer nach unten. Wer darunter steht, trägt einen Helm.',
        slug: 'amboss-sicherheit-1',
      },
    },
  },
  'Anvil safety, part two': { tags: ['anvils', 'safety'], slug: 'anvil-safety-2' },
  'Roller skates: recall notice': { tags: ['recall', 'safety'], slug: 'recall-roller-skates' },
  'Press release: the new reactor': { tags: ['news', 'reactor'], slug: 'new-reactor' },
  'Visiting Cypress Creek': {
    tags: ['travel'],
    slug: 'visit',
    translations: {
      de: {
        title: 'Zu Besuch in Cypress Creek',
        body: 'Mit dem Zug bis zum Vulkan, dann zu Fuß durch das Hängemattenviertel.',
        slug: 'besuch',
      },
    },
  },
  'Weather machine: maintenance window': { tags: ['maintenance', 'weather'] },
  'Parking at the volcano': { tags: ['travel', 'volcano'], slug: 'parking' },
  Welcome: {
    tags: ['intranet'],
    slug: 'welcome',
    translations: {
      de: { title: 'Willkommen', body: 'Hier steht, was alle wissen sollten.', slug: 'willkommen' },
    },
  },
  'Safety first': { tags: ['policy', 'safety'], slug: 'safety' },
  'News of the month': { tags: ['news'] },
}

export interface DemoNode {
  readonly id: string
  readonly author_id: string
  readonly title: string
  readonly updated_at: Date
}

/** Adds nothing when it was there before. */
export async function seedContentExtras(
  trx: Transaction<Database>,
  tenant_id: string,
  nodes: readonly DemoNode[],
): Promise<void> {
  const all = nodes.map((node) => ({ node, extras: EXTRAS[node.title] ?? { tags: [] } }))
  const translations = all.flatMap(({ node, extras }) =>
    Object.entries(extras.translations ?? {}).map(([locale, text]) => ({ node, locale, ...text })),
  )
  const slugs = [
    ...all.flatMap(({ node, extras: { slug } }) =>
      slug === undefined ? [] : [{ node, locale: 'en', slug }],
    ),
    ...translations,
  ]
  await trx
    .insertInto('node_tags')
    .values(
      all.flatMap(({ node, extras }) => extras.tags.map((tag) => ({ tenant_id, tag, node_id: node.id }))),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await trx
    .insertInto('node_slugs')
    .values(slugs.map(({ node, locale, slug }) => ({ tenant_id, locale, slug, node_id: node.id })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await trx
    .insertInto('node_translations')
    .values(
      translations.map(({ node, locale, title, body }) => ({
        tenant_id,
        node_id: node.id,
        locale,
        title,
        body,
        translator_id: node.author_id,
        updated_at: node.updated_at,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
