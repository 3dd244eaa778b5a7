/** Where the version of the product stands outside of package.json: names of tarballs, tags of images, the job of migrations. For release.ts and its test. */

/** `rustok-otlp-0.1.0.tgz`, `rustok-lens:0.1.0`, `rustok-migrate-0-1-0`, `newTag: 0.1.0`; not versions of anything else, as the default of a service's. */
const mention = /(\brustok-[a-z]+[:-]|\bnewTag: )(\d+)([.-])(\d+)\3(\d+)\b/g

export function mentionedVersions(text: string): readonly string[] {
  return [...text.matchAll(mention)].map(([, , major, , minor, patch]) => `${major}.${minor}.${patch}`)
}

export function withVersion(text: string, version: string): string {
  return text.replace(
    mention,
    (_, name: string, _major, separator: string) => name + version.replaceAll('.', separator),
  )
}
