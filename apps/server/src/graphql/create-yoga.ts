/**
 * GraphQL over HTTP by Yoga, executed by graphql-js itself: Yoga's default executor does not publish the `graphql:*` channels, and
 * those are where the operation's and resolvers' spans come from. The limits stand at the two points that every document passes.
 */
import { execute, GraphQLError, NoSchemaIntrospectionCustomRule, parse, subscribe, validate } from 'graphql'
import {
  createLRUCache,
  createYoga as createYogaServer,
  type MaskError,
  maskError,
  type Plugin,
  type YogaServerInstance,
} from 'graphql-yoga'
import { DatabaseUnavailable, publicWords } from '../db/database-errors.ts'
import type { Logger } from '../log.ts'
import { told } from '../telling/told.ts'
import { traceIdOf } from '../trace-id.ts'
import type { GraphQLContext } from './context.ts'
import { checkDocumentLimits, PARSE_LIMITS } from './document-limits.ts'
import { checkQueryCost } from './query-cost.ts'
import { schema } from './schema.ts'

/** Keys are documents of up to PARSE_LIMITS.maxSourceLength, so this is at most 20 MB for each of the two. */
const CACHED_DOCUMENTS = 500

export function createYoga(options: {
  readonly production: boolean
  readonly log: Logger
}): YogaServerInstance<GraphQLContext, GraphQLContext> {
  return createYogaServer<GraphQLContext, GraphQLContext>({
    schema,
    plugins: [graphqlJs, quoteTrace, ...(options.production ? [hideSchema] : [])],
    parserAndValidationCache: {
      documentCache: createLRUCache({ max: CACHED_DOCUMENTS }),
      errorCache: createLRUCache({ max: CACHED_DOCUMENTS }),
    },
    logging: yogaLogger(options.log),
    maskedErrors: { isDev: false, maskError: unavailableOr(options.log) },
    // Fastify's: pages, health, body limits; and no browser on another origin has business here.
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
  })
}

/** What is thrown inside is masked, but for what is nobody's mistake and passes by itself. */
function unavailableOr(log: Logger): MaskError {
  return (error, message, isDev) => {
    const original = error instanceof GraphQLError ? error.originalError : error
    if (!(original instanceof DatabaseUnavailable)) return maskError(error, message, isDev)
    log.warn({ err: original.cause, reason: original.reason }, original.message)
    const at = error instanceof GraphQLError ? { path: error.path, nodes: error.nodes } : {}
    return new GraphQLError(told(publicWords(original)), { ...at, extensions: { code: 'UNAVAILABLE' } })
  }
}

const graphqlJs: Plugin<GraphQLContext> = {
  onParse({ setParseFn }) {
    setParseFn((source, options) => {
      const document = parse(source, { ...options, ...PARSE_LIMITS })
      checkDocumentLimits(document)
      return document
    })
  },
  onExecute({ args, setExecuteFn }) {
    checkQueryCost(args)
    setExecuteFn(execute)
  },
  onSubscribe({ args, setSubscribeFn }) {
    checkQueryCost(args)
    setSubscribeFn(subscribe)
  },
}

/** Each error has the id of its trace, for the client to quote. Errors of documents are kept and given again, so they are not changed. */
const quoteTrace: Plugin<GraphQLContext> = {
  onResultProcess({ result, setResult }) {
    const traceId = traceIdOf()
    if (traceId === undefined || !('errors' in result) || result.errors === undefined) return
    const errors = result.errors.map((error) => {
      if (!(error instanceof GraphQLError)) return error
      const { message, nodes, source, positions, path, originalError, extensions } = error
      return new GraphQLError(message, {
        nodes,
        source,
        positions,
        path,
        originalError,
        extensions: { ...extensions, traceId },
      })
    })
    setResult({ ...result, errors })
  },
}

const hideSchema: Plugin<GraphQLContext> = {
  onValidate({ addValidationRule, setValidationFn }) {
    addValidationRule(NoSchemaIntrospectionCustomRule)
    setValidationFn((schema, document, rules, _typeInfo, options) =>
      validate(schema, document, rules, { ...options, hideSuggestions: true }),
    )
  },
}

/** Yoga logs what it masks; clients' mistakes are theirs to see. */
function yogaLogger(log: Logger) {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => {
    return (...args: unknown[]) => {
      const error = args.find((arg) => arg instanceof Error)
      if (error !== undefined) log[level]({ err: error }, 'graphql failed')
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
