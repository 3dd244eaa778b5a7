/** The configured propagators as one (specification: Composite Propagator). What a later one finds wins over an earlier one's. */
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import type { Propagator } from '../config/propagation.ts'
import { B3Propagator } from './b3-propagator.ts'
import { BaggagePropagator } from './baggage-propagator.ts'
import { JaegerPropagator } from './jaeger-propagator.ts'
import { OtTracePropagator } from './ot-trace-propagator.ts'
import { TraceContextPropagator } from './trace-context-propagator.ts'
import { XrayPropagator } from './xray-propagator.ts'

const makers: Readonly<Record<Propagator, () => TextMapPropagator>> = {
  tracecontext: () => new TraceContextPropagator(),
  baggage: () => new BaggagePropagator(),
  b3: () => new B3Propagator('single'),
  b3multi: () => new B3Propagator('multi'),
  jaeger: () => new JaegerPropagator(),
  xray: () => new XrayPropagator(),
  ottrace: () => new OtTracePropagator(),
}

export function createPropagator(names: readonly Propagator[]): TextMapPropagator {
  return new CompositePropagator([...new Set(names)].map((name) => makers[name]()))
}

class CompositePropagator implements TextMapPropagator {
  readonly #parts: readonly TextMapPropagator[]
  readonly #fields: readonly string[]

  constructor(parts: readonly TextMapPropagator[]) {
    this.#parts = parts
    this.#fields = [...new Set(parts.flatMap((part) => part.fields()))]
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    for (const part of this.#parts) part.inject(context, carrier, setter)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    return this.#parts.reduce((current, part) => part.extract(current, carrier, getter), context)
  }

  fields(): string[] {
    return [...this.#fields]
  }
}
