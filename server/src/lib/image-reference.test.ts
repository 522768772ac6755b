import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseImageReference } from './image-reference.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

describe('reading an image reference', () => {
  test.each([
    ['nginx', 'docker.io', 'library/nginx', 'latest', undefined],
    ['nginx:1.27', 'docker.io', 'library/nginx', '1.27', undefined],
    ['bitnami/redis', 'docker.io', 'bitnami/redis', 'latest', undefined],
    ['docker.io/nginx', 'docker.io', 'library/nginx', 'latest', undefined],
    ['index.docker.io/library/nginx:1', 'docker.io', 'library/nginx', '1', undefined],
    ['ghcr.io/acme/shop:2', 'ghcr.io', 'acme/shop', '2', undefined],
    ['localhost/app', 'localhost', 'app', 'latest', undefined],
    ['127.0.0.1:5000/team/app:v1', '127.0.0.1:5000', 'team/app', 'v1', undefined],
    ['Registry.Example.com/app', 'registry.example.com', 'app', 'latest', undefined],
    [`r.example.com/a/b/c@${DIGEST}`, 'r.example.com', 'a/b/c', undefined, DIGEST],
    [`r.example.com/a:1@${DIGEST}`, 'r.example.com', 'a', '1', DIGEST],
    ['a__b/c-d.e', 'docker.io', 'a__b/c-d.e', 'latest', undefined],
  ])('%s is found where Docker finds it', (text, ...expected) => {
    const { registry, repository, tag, digest } = parseImageReference(text).image!
    expect([registry, repository, tag, digest]).toEqual(expected)
  })

  test.each([
    ['[::1]:5000/app', 'IPv6'],
    ['[fe80::1]/app', 'IPv6'],
    ['nginx@sha256:abc', 'digest'],
    [`nginx@${DIGEST}@${DIGEST}`, 'digest'],
    ['nginx:a b', 'tag'],
    ['acme/Shop', 'small letters'],
    ['', 'small letters'],
    ['a//b', 'small letters'],
    ['../etc/passwd', 'host'],
    ['user:secret@example.com/app', 'digest'],
    ['https://ghcr.io/acme/app', 'host'],
  ])('%s is refused with the rule it breaks', (text, rule) => {
    expect(parseImageReference(text).problem).toContain(rule)
  })

  test('what is read is a safe address part, whatever is written', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom('', 'r.io/', 'a:1/'),
        (text, host) => {
          const { image } = parseImageReference(host + text)
          if (image === undefined) return
          expect(image.repository).toMatch(/^[a-z0-9][a-z0-9._/-]*$/)
          expect(image.repository.split('/')).not.toContain('..')
          expect(image.registry).toMatch(/^[a-z0-9.-]+(:\d+)?$/)
        },
      ),
    )
  })

  test('reading what was written in full gives the same again', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}$/)
    fc.assert(
      fc.property(part, part, part, (host, path, tag) => {
        const first = parseImageReference(`${host}.io/${path}:${tag}`).image!
        const again = parseImageReference(`${first.registry}/${first.repository}:${first.tag}`).image
        expect(again).toEqual(first)
      }),
    )
  })
})
