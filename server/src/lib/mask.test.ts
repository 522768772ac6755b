import { expect, test } from 'vitest'
import { createMasker } from './mask.ts'

test('a known value is blanked wherever it stands, also encoded, quoted or by line', () => {
  const masker = createMasker()
  masker.add('p@ss word"1')
  masker.add('-----BEGIN KEY-----\nabcdefgh\n-----END KEY-----')

  const text = `url=postgres://u:${encodeURIComponent('p@ss word"1')}@h json=${JSON.stringify({ v: 'p@ss word"1' })}
    b64=${Buffer.from('p@ss word"1').toString('base64')} line=abcdefgh`
  const masked = masker.mask(text)

  expect(masked).not.toMatch(/p@ss|p%40ss|abcdefgh/)
  expect(masked).not.toContain(Buffer.from('p@ss word"1').toString('base64'))
})

test('a value that contains another known value is blanked as a whole', () => {
  const masker = createMasker()
  masker.add('secret')
  masker.add('secret-longer')
  expect(masker.mask('x secret-longer y')).toBe('x •••••• y')
})

test('short values are left alone, so that ordinary text stays readable', () => {
  const masker = createMasker()
  masker.add('a')
  expect(masker.mask('a cat')).toBe('a cat')
})
