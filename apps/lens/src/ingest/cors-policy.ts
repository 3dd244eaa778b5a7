/**
 * Which web pages may send: those of the origins that `LENS_CORS_ORIGINS` names, by CORS (https://fetch.spec.whatwg.org/#http-cors-protocol). A page
 * of any other site must not write into this store, whether or not it gets to read the answer, so that its requests are refused.
 */

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** A day; browsers have lower limits of their own. */
const preflightSeconds = '86400'

/** `Content-Type` is the one that all senders need; the others are what an exporter may be set to send. */
const usualHeaders = 'content-type, content-encoding, authorization, traceparent, tracestate, baggage'
const headerNames = /^[\w!#$%&'*+.^`|~-]+( *, *[\w!#$%&'*+.^`|~-]+)*$/

/** Tells answers apart for caches, whether or not a request has an origin. */
export const varyByOrigin = 'origin, access-control-request-method, access-control-request-headers'

export class CorsPolicy {
  readonly #exact = new Set<string>()
  readonly #patterns: RegExp[] = []

  /** Origins as browsers send them; `*.` at the start of a host stands for one or more labels. */
  constructor(origins: readonly string[]) {
    for (const origin of origins) {
      if (!origin.includes('://*.')) this.#exact.add(origin)
      else this.#patterns.push(patternOf(origin))
    }
  }

  allows(origin: string): boolean {
    return this.#exact.has(origin) || this.#patterns.some((pattern) => pattern.test(origin))
  }

  /** What lets a page of an allowed origin read the answer, and when to come again. */
  answerHeaders(origin: string): OutgoingHttpHeaders {
    return {
      'access-control-allow-origin': origin,
      // navigator.sendBeacon, which exporters use as a page is left, sends with credentials and takes no for an answer. Lens has no cookies on this port.
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'retry-after',
    }
  }

  /** The answer to the question that a browser asks before it sends. Headers do nothing here: whichever are asked for may be sent. */
  preflightHeaders(origin: string, asked: IncomingHttpHeaders): OutgoingHttpHeaders {
    const names = asked['access-control-request-headers']
    return {
      ...this.answerHeaders(origin),
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': names !== undefined && headerNames.test(names) ? names : usualHeaders,
      'access-control-max-age': preflightSeconds,
    }
  }
}

function patternOf(origin: string): RegExp {
  const [scheme = '', rest = ''] = origin.split('://*.')
  return new RegExp(`^${scheme}://([a-z0-9_-]+\\.)+${rest.replaceAll('.', '\\.')}$`)
}
