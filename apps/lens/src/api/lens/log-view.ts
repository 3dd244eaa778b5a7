/** Stored log records as the contract shows them, resources and scopes listed once. */

import type { StoredResource, StoredScope } from '../../store/resource-blob.ts'
import type { StoredLog } from '../../store/stored-log.ts'
import { attributeView } from '../attribute-value.ts'
import type { LogSeverity, LogView } from '../contract/logs.ts'
import type { ResourceView, ScopeView } from '../contract.ts'
import { Listed } from '../trace-view.ts'

export interface LogViews {
  readonly logs: readonly LogView[]
  readonly resources: readonly ResourceView[]
  readonly scopes: readonly ScopeView[]
}

export function logViews(stored: readonly StoredLog[]): LogViews {
  const resources = new Listed<StoredResource, ResourceView>()
  const scopes = new Listed<StoredScope, ScopeView>()
  const logs = stored.map((log): LogView => {
    const { value: body, type: bodyType } = attributeView({ key: '', value: log.body })
    return {
      id: log.id,
      timeUnixNano: log.timeUnixNano.toString(),
      timeSource: log.timeSource,
      observedUnixNano: log.observedUnixNano.toString(),
      severity: severityName(log.severityNumber),
      severityNumber: log.severityNumber,
      severityText: log.severityText,
      body,
      bodyType,
      eventName: log.eventName,
      traceId: log.traceId,
      spanId: log.spanId,
      flags: log.flags,
      tenant: log.tenant,
      user: log.user,
      service: log.service,
      resource: resources.index(log.resource, () => ({
        service: log.service,
        attributes: log.resource.attributes.map(attributeView),
      })),
      scope: scopes.index(log.scope, () => ({
        name: log.scope.name,
        version: log.scope.version,
        attributes: log.scope.attributes.map(attributeView),
      })),
      attributes: log.attributes.map(attributeView),
      droppedAttributes: log.droppedAttributes,
    }
  })
  return { logs, resources: resources.values, scopes: scopes.values }
}

/** Four numbers each, from 1. */
export const severityNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

function severityName(number: number): LogSeverity {
  return severityNames[Math.floor((number - 1) / 4)] ?? 'unspecified'
}
