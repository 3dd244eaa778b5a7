/** The compose files, read as YAML and as Debian's docker-compose resolves them; it needs no daemon for that. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from './app-process.ts'

export const composeFiles = ['docker-compose.yml', 'docker-compose.observability.yml'] as const

/** Variables without a default, which compose refuses to do without. */
export const requiredVariables: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: 'superuserpassword',
  RUSTOK_OWNER_PASSWORD: 'ownerpassword',
  RUSTOK_SERVER_PASSWORD: 'serverpassword',
  NATS_PASSWORD: 'natspassword',
  GRAFANA_ADMIN_PASSWORD: 'grafanapassword',
}

export interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string | number | boolean>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly deploy?: {
    readonly resources: { readonly limits: { readonly cpus: string; readonly memory: string } }
  }
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly aliases?: readonly string[] }>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly profiles?: readonly string[]
}

export function servicesOf(file: string): Readonly<Record<string, Service>> {
  return parse(readFileSync(join(root, file), 'utf8'), { merge: true }).services
}

/** What docker-compose says of the files: an exit code of 0, or why not. */
export function resolveCompose(
  files: readonly string[],
  variables: Readonly<Record<string, string>> = requiredVariables,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const args = files.flatMap((file) => ['--file', file])
  return spawnSync('/usr/bin/docker-compose', [...args, 'config'], {
    cwd: root,
    // An .env of the developer's would answer for the test.
    env: { PATH: process.env.PATH, COMPOSE_DISABLE_ENV_FILE: '1', ...variables },
    encoding: 'utf8',
  })
}
