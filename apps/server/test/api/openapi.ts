/**
 * The description of the REST routes, held against the routes that there are, and against every answer that the tests beside this one have got from
 * them: those go through `fetch`, which is listened to.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { RestDescription } from '../../src/openapi/describe-rest.ts'
import { problemKinds, typeOf } from '../../src/plugins/problem-types.ts'
import { sharedServer as server } from '../support/shared-server.ts'

interface Answer {
  readonly method: string
  readonly path: string
  readonly response: Response
}

const answers: Answer[] = []
const { fetch } = globalThis
globalThis.fetch = async (input, init) => {
  const response = await fetch(input, init)
  const { origin, pathname } = new URL(input instanceof Request ? input.url : input)
  if (origin === server.url)
    answers.push({ method: init?.method ?? 'GET', path: pathname, response: response.clone() })
  return response
}

async function description(): Promise<RestDescription> {
  const response = await globalThis.fetch(`${server.url}/openapi.json`)
  assert.equal(response.status, 200)
  return (await response.json()) as RestDescription
}

test('describes every route, and nothing else', async () => {
  const { paths } = await description()
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  for (const route of described) {
    const [method = '', url = ''] = route.split(' ')
    assert.ok(server.app.hasRoute({ method: method as 'GET', url }), route)
  }
  // One line a route: `/graphql (GET, HEAD, POST)` below a tree of prefixes.
  const printed = server.app.printRoutes({ commonPrefix: false })
  const registered = [...printed.matchAll(/(\S+) \(([A-Z, ]+)\)/g)].flatMap(([, path = '', methods = '']) =>
    methods.split(', ').flatMap((method) => (method === 'HEAD' ? [] : [`${method} ${path}`])),
  )
  assert.deepEqual(registered.toSorted(), described.toSorted())
})

test('is OpenAPI 3.1 to somebody else’s validator', async () => {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(await description())))
  assert.ok(result.valid, JSON.stringify(result.errors ?? '').slice(0, 2_000))
})

test('has each kind of problem in its schema, and on some route', async () => {
  const text = JSON.stringify(await description())
  const anywhere: readonly string[] = ['not-found', 'method-not-allowed']
  for (const name of Object.keys(problemKinds) as (keyof typeof problemKinds)[]) {
    const times = text.split(typeOf(name)).length - 1
    // Once in the schema, then on each route that answers so; two are for addresses that are no routes.
    assert.ok(anywhere.includes(name) ? times === 1 : times >= 2, `${name} is there ${times} times`)
  }
})

test('says of every answer that the routes have given what it is', async () => {
  const { paths, components } = await description()
  const ajv = new Ajv2020({ strict: false })
  const document = { $id: 'rest', components }
  ajv.addSchema(document)
  const validators = new Map<object, ValidateFunction>()
  const validate = (schema: object) => {
    const known = validators.get(schema)
    if (known !== undefined) return known
    const text = JSON.stringify(schema).replaceAll('"#/components', '"rest#/components')
    const compiled = ajv.compile(JSON.parse(text))
    validators.set(schema, compiled)
    return compiled
  }
  const seen = new Set<string>()
  for (const { method, path, response } of answers) {
    const type = response.headers.get('content-type')?.split(';', 1)[0]
    const operation = paths[path]?.[method.toLowerCase()]
    const name = `${method} ${path} ${response.status} ${type}`
    if (operation === undefined) {
      assert.ok(response.status === 404 || response.status === 405, `${name} is described nowhere`)
      assert.equal(type, 'application/problem+json', name)
      continue
    }
    const answer = operation.responses[response.status]
    assert.ok(answer !== undefined, `${name}: the status is not described`)
    seen.add(`${method} ${path} ${response.status}`)
    if (answer.content === undefined) {
      assert.equal(await response.text(), '', name)
      continue
    }
    const content = answer.content[type ?? '']
    assert.ok(content !== undefined, `${name}: the type is not described`)
    if (content.schema !== undefined) {
      const check = validate(content.schema)
      const body: unknown = await response.json()
      assert.ok(
        check(body),
        `${name}: ${ajv.errorsText(check.errors)} in ${JSON.stringify(body).slice(0, 400)}`,
      )
    }
  }
  // These have been asked by the tests before: else nothing was shown.
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const asked = new Set([...seen].map((name) => name.split(' ').slice(0, 2).join(' ')))
  assert.deepEqual(
    routes.filter((route) => !asked.has(route)),
    [],
  )
  for (const status of [200, 202, 204, 400, 401, 403, 413, 415, 429]) {
    assert.ok(
      [...seen].some((name) => name.endsWith(` ${status}`)),
      `nothing answered ${status}`,
    )
  }
})
