/** Imported first by a server whose GraphQL operations and resolvers are not to be traced. */
import { initTracing, OtelConfig } from '@rustok/telemetry'

await initTracing(OtelConfig.fromEnv(), { without: ['graphql'] })
