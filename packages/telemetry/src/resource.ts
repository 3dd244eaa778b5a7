/** Who sends the spans: the resource attributes of this process (semantic conventions: service, host, process, telemetry.sdk). */
import { randomUUID } from 'node:crypto'
import { arch, hostname } from 'node:os'
import type { ResourceInput } from '@rustok/otlp'
import { generalDefaults } from './config/general.ts'
import type { OtelConfigFields } from './config.ts'

/** The `@rustok/telemetry` version that `telemetry.distro.version` reports. */
const distroVersion = '0.1.0'

/** `found` by resource detectors: more than what is known anyway, less than what is configured. */
export function describeResource(
  config: OtelConfigFields,
  found: ResourceInput['attributes'] = {},
): ResourceInput {
  const { serviceName, serviceVersion } = generalDefaults
  return {
    attributes: {
      'service.instance.id': randomUUID(),
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.version': distroVersion,
      'telemetry.distro.name': '@rustok/telemetry',
      'telemetry.distro.version': distroVersion,
      'host.name': hostname(),
      'host.arch': hostArch(),
      'process.pid': process.pid,
      'process.executable.path': process.execPath,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node,
      'service.name': serviceName,
      'service.version': serviceVersion,
      ...found,
      ...config.resourceAttributes,
      ...(config.serviceName !== serviceName && { 'service.name': config.serviceName }),
      ...(config.serviceVersion !== serviceVersion && { 'service.version': config.serviceVersion }),
    },
  }
}

function hostArch(): string {
  const names: Record<string, string> = { x64: 'amd64', ia32: 'x86', arm: 'arm32' }
  return names[arch()] ?? arch()
}
