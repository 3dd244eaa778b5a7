/** By which names Lens is reached in good faith. A page of another site that rebinds its own name to this machine comes by that name. */

import { hostname } from 'node:os'

export interface KnownNames {
  /** Whether Lens answers to the name. */
  has(name: string): boolean
  /** Whether it is one that the configuration gives, for pages that a proxy serves under it. */
  isGiven(name: string): boolean
}

export interface NamesConfig {
  readonly host: string
  readonly allowedHosts: readonly string[]
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Listening on all addresses means any address of this machine, its own name, and names of one word, which a network gives (`http://lens:16686` between
 * containers) and which no public site has. Where everybody needs a token, any name does: a rebound page has no session under its name.
 */
export function knownNames({ host, allowedHosts }: NamesConfig, isLocked: boolean): KnownNames {
  const given = new Set(allowedHosts.map(bracketed))
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const machine = hostname().toLowerCase()
  return {
    isGiven: (name) => given.has(name),
    has: (name) => {
      if (loopbackNames.has(name) || name.endsWith('.localhost')) return true
      if (name === bracketed(host) || given.has(name)) return true
      if (!isEverywhere || name === '') return false
      return isLocked || isAddress(name) || name === machine || /^[a-z0-9_-]+$/.test(name)
    },
  }
}

export function isLoopback(host: string): boolean {
  return host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host) || /^(.+\.)?localhost$/i.test(host)
}

/** The name of a Host header, in lower case: without its port, and without the dot that may end a full name. */
export function nameOf(header: string): string {
  return header.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}

function isAddress(name: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name)
}

function bracketed(host: string): string {
  return (host.includes(':') ? `[${host}]` : host).toLowerCase()
}
