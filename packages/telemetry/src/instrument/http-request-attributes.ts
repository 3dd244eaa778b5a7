/**
 * The attributes of a server span by the stable HTTP conventions, in the sets in which they repeat: what belongs to the connection is
 * encoded once per connection, what belongs to route and status once per process. A request of its own adds its path and query.
 */
import type { Socket } from 'node:net'
import {
  type AttributeKey,
  type AttributeList,
  attributeKey,
  type PreparedAttributes,
  prepareAttributes,
} from '@rustok/otlp'
import { methodAttributes, methodKey, methodOriginalKey, shownMethod } from './http-method.ts'

const key = {
  method: methodKey,
  methodOriginal: methodOriginalKey,
  status: attributeKey('http.response.status_code'),
  route: attributeKey('http.route'),
  scheme: attributeKey('url.scheme'),
  path: attributeKey('url.path'),
  query: attributeKey('url.query'),
  serverAddress: attributeKey('server.address'),
  serverPort: attributeKey('server.port'),
  clientAddress: attributeKey('client.address'),
  peerAddress: attributeKey('network.peer.address'),
  peerPort: attributeKey('network.peer.port'),
  protocolVersion: attributeKey('network.protocol.version'),
  userAgent: attributeKey('user_agent.original'),
  errorType: attributeKey('error.type'),
}

export const pathKey = key.path
export const queryKey = key.query
export const errorTypeKey = key.errorType

/** What the sets below may hold: a span that has one of these already must not get it twice. */
export const httpKeys: ReadonlySet<AttributeKey> = new Set(Object.values(key))

/** Requests of one method and route: their span's name, and their attributes by status. */
export class RequestKind {
  readonly name: string
  readonly route: string | undefined
  readonly #method: string
  readonly #sets = new Map<number, PreparedAttributes>()
  readonly #setsWithPath = new Map<number, PreparedAttributes>()

  constructor(method: string, route: string | undefined) {
    const shown = shownMethod(method)
    this.#method = method
    this.route = route
    this.name = route === undefined ? shown : `${shown} ${route}`
  }

  /** `status` is 0 for a request without a response. With `pathIsRoute` the path is in the set as well. */
  attributes(status: number, pathIsRoute: boolean): PreparedAttributes {
    const sets = pathIsRoute ? this.#setsWithPath : this.#sets
    const known = sets.get(status)
    if (known !== undefined) return known
    const set = prepareAttributes(this.#list(status, pathIsRoute))
    sets.set(status, set)
    return set
  }

  #list(status: number, pathIsRoute: boolean): AttributeList {
    const list: AttributeList = methodAttributes(this.#method)
    if (this.route !== undefined) list.push(key.route, this.route)
    if (pathIsRoute && this.route !== undefined) list.push(key.path, this.route)
    if (status !== 0) list.push(key.status, status)
    if (status >= 500) list.push(key.errorType, String(status))
    return list
  }
}

/** Routes are part of the program; a framework that reports paths as routes stops filling the table here. */
const maxKinds = 4096
const kinds = new Map<string, Map<string, RequestKind>>()
const kindsWithoutRoute = new Map<string, RequestKind>()
let kindCount = 0

export function requestKind(method: string, route: string | undefined): RequestKind {
  let byMethod = route === undefined ? kindsWithoutRoute : kinds.get(route)
  const known = byMethod?.get(method)
  if (known !== undefined) return known
  const kind = new RequestKind(method, route)
  if (kindCount >= maxKinds) return kind
  kindCount++
  if (byMethod === undefined) {
    byMethod = new Map()
    kinds.set(route ?? '', byMethod)
  }
  byMethod.set(method, kind)
  return kind
}

const connection = Symbol('rustok.connection')

interface Connection {
  readonly host: string | undefined
  readonly userAgent: string | undefined
  readonly set: PreparedAttributes
}

interface DescribedSocket extends Socket {
  [connection]?: Connection
}

/** The attributes of the connection that a request came on; clients repeat host and user agent on it. */
export function connectionAttributes(
  socket: Socket,
  httpVersion: string,
  host: string | undefined,
  userAgent: string | undefined,
): PreparedAttributes {
  const described: DescribedSocket = socket
  const known = described[connection]
  if (known !== undefined && known.host === host && known.userAgent === userAgent) return known.set
  const set = prepareAttributes(describeConnection(socket, httpVersion, host, userAgent))
  described[connection] = { host, userAgent, set }
  return set
}

function describeConnection(
  socket: Socket,
  httpVersion: string,
  host: string | undefined,
  userAgent: string | undefined,
): AttributeList {
  const list: AttributeList = [key.scheme, 'encrypted' in socket ? 'https' : 'http']
  if (host !== undefined) {
    const colon = host.lastIndexOf(':')
    const port = colon > host.lastIndexOf(']') ? Number(host.slice(colon + 1)) : 0
    const named = Number.isInteger(port) && port > 0
    list.push(key.serverAddress, named ? host.slice(0, colon) : host)
    if (named) list.push(key.serverPort, port)
  }
  if (userAgent !== undefined) list.push(key.userAgent, userAgent)
  const { remoteAddress, remotePort } = socket
  if (remoteAddress !== undefined) {
    // A dual-stack socket shows IPv4 peers as mapped addresses.
    const address = remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
    list.push(key.clientAddress, address, key.peerAddress, address)
  }
  if (remotePort !== undefined) list.push(key.peerPort, remotePort)
  list.push(key.protocolVersion, httpVersion)
  return list
}
