/** The configured propagators as one (specification: Composite Propagator). */
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import type { Propagator } from '../config/propagation.ts'
import { BaggagePropagator } from './baggage-propagator.ts'
import { TraceContextPropagator } from './trace-context-propagator.ts'

export function createPropagator(names: readonly Propagator[]): TextMapPropagator {
  return new CompositePropagator(
    names.map((name) => (name === 'tracecontext' ? new TraceContextPropagator() : new BaggagePropagator())),
  )
}

class CompositePropagator implements TextMapPropagator {
  readonly #parts: readonly TextMapPropagator[]

  constructor(parts: readonly TextMapPropagator[]) {
    this.#parts = parts
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    for (const part of this.#parts) part.inject(context, carrier, setter)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    return this.#parts.reduce((current, part) => part.extract(current, carrier, getter), context)
  }

  fields(): string[] {
    return this.#parts.flatMap((part) => part.fields())
  }
}
