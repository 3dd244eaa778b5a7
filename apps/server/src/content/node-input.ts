/** What a node may hold, and the messages for what it may not; pure, shared by every way to write one. */
import type { NodeKind } from '../db/schema.ts'
import type { FieldError } from '../domain/result.ts'
import { checkText } from '../domain/text-rules.ts'
import { canonicalLocale, localeError } from './locale.ts'
import { KINDS } from './node-kinds.ts'

export const MAX_TITLE = 200
export const MAX_BODY = 20_000
export const MAX_SLUG = 100
export const MAX_TAGS = 20
export const MAX_TAG = 40
export const MAX_TRANSLATIONS = 50

/** Letters that have no capitals or are none, and digits, in words joined by hyphens. */
const SLUG = /^[\p{Ll}\p{Lo}\p{M}\p{Nd}]+(?:-[\p{Ll}\p{Lo}\p{M}\p{Nd}]+)*$/u

export interface Text {
  readonly title: string
  readonly body: string
}

export interface NewNode extends Text {
  readonly kind: NodeKind
  readonly locale: string
  readonly slug?: string | undefined
  readonly tags: readonly string[]
  readonly productId?: string | undefined
}

/** What is undefined stays; an empty slug takes it away. */
export interface NodeChange {
  readonly title?: string | undefined
  readonly body?: string | undefined
  readonly slug?: string | undefined
  readonly tags?: readonly string[] | undefined
}

export interface NewTranslation extends Text {
  readonly locale: string
  readonly slug?: string | undefined
}

type Checked<T> = { readonly input: T } | { readonly errors: readonly FieldError[] }

/** As it will be stored (titles are trimmed, tags in lower case and once each), or everything that is wrong with it. */
export function checkNewNode(given: NewNode): Checked<NewNode> {
  const locale = canonicalLocale(given.locale)
  const input = { ...normalised(given), locale: locale ?? given.locale }
  const errors = [...textErrors(input), ...slugErrors(input.slug, false), ...tagErrors(input.tags)]
  if (locale === undefined) errors.push(localeError('locale'))
  const { product } = KINDS[given.kind]
  if (product && given.productId === undefined) {
    errors.push({ field: 'productId', message: `productId is needed: a ${given.kind} tells of a product` })
  }
  if (!product && given.productId !== undefined) {
    errors.push({ field: 'productId', message: 'productId must be left out: this is no story' })
  }
  return errors.length > 0 ? { errors } : { input }
}

export function checkNodeChange(given: NodeChange): Checked<NodeChange> {
  const input = normalised(given)
  const errors = [...textErrors(input), ...slugErrors(input.slug, true), ...tagErrors(input.tags ?? [])]
  return errors.length > 0 ? { errors } : { input }
}

export function checkNewTranslation(given: NewTranslation): Checked<NewTranslation> {
  const locale = canonicalLocale(given.locale)
  const input = { ...normalised(given), locale: locale ?? given.locale }
  const errors = [...textErrors(input), ...slugErrors(input.slug, true)]
  if (locale === undefined) errors.push(localeError('locale'))
  return errors.length > 0 ? { errors } : { input }
}

/** As tags are kept and looked for. */
export function normalTag(tag: string): string {
  return tag.trim().normalize('NFC').toLowerCase()
}

function normalised<T extends NodeChange>(given: T): T {
  return {
    ...given,
    ...(given.title !== undefined && { title: given.title.trim() }),
    ...(given.slug !== undefined && { slug: given.slug.trim().normalize('NFC') }),
    ...(given.tags !== undefined && {
      tags: [...new Set(given.tags.map(normalTag))],
    }),
  }
}

function textErrors({ title, body }: NodeChange): FieldError[] {
  return [
    ...(title === undefined ? [] : checkText('title', title, { max: MAX_TITLE, required: true })),
    ...(body === undefined ? [] : checkText('body', body, { max: MAX_BODY })),
  ]
}

function slugErrors(slug: string | undefined, mayBeEmpty: boolean): FieldError[] {
  if (slug === undefined || (slug === '' && mayBeEmpty)) return []
  const errors = checkText('slug', slug, { max: MAX_SLUG, required: true })
  if (errors.length > 0 || SLUG.test(slug)) return errors
  return [{ field: 'slug', message: 'slug must be of small letters and digits, with hyphens between words' }]
}

function tagErrors(tags: readonly string[]): FieldError[] {
  if (tags.length > MAX_TAGS) {
    return [{ field: 'tags', message: `tags must be at most ${MAX_TAGS}, there are ${tags.length}` }]
  }
  return tags.flatMap((tag, index) => checkText(`tags.${index}`, tag, { max: MAX_TAG, required: true }))
}
