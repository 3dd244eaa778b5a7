/** Zipkin's way in: POST /api/v2/spans with a list of spans in JSON. Answered as Zipkin does, by 202, once they are stored. */

import { HttpError } from '../http-error.ts'
import { type HttpRoute, json } from '../http-route.ts'
import type { SpanIntake } from '../span-intake.ts'
import { readZipkinSpans } from './read-spans.ts'
import { zipkinToOtlp } from './to-otlp.ts'

export function zipkinRoute(intake: SpanIntake): HttpRoute {
  return {
    path: '/api/v2/spans',
    takes: 'Zipkin v2 spans',
    contentTypes: [json],
    checkRoom: () => intake.checkRoom(),
    async accept(body, _contentType, sender) {
      const { refused, message } = await intake.acceptRequest(zipkinToOtlp(readZipkinSpans(body)), sender)
      // Zipkin has no partial success: a sender that is told nothing believes that all is stored.
      if (refused > 0)
        throw new HttpError(400, `${refused} spans were refused, the others are stored: ${message}`)
      return { status: 202, body: undefined }
    },
  }
}
