/**
 * The program that serves a static site in its image, as CommonJS without dependencies. It serves the folder that is
 * its first argument on $PORT, 8080 when there is none: files, `index.html` of folders, `404.html` for the rest.
 * Names that begin with a dot are not served, except below `/.well-known/`.
 */
export const STATIC_SERVER = `'use strict'
const { createServer } = require('node:http')
const { createReadStream, promises: fs } = require('node:fs')
const path = require('node:path')

const root = path.resolve(process.argv[2] || '.')
const types = {
  html: 'text/html; charset=utf-8', htm: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8', mjs: 'text/javascript; charset=utf-8', json: 'application/json',
  map: 'application/json', webmanifest: 'application/manifest+json', xml: 'application/xml',
  txt: 'text/plain; charset=utf-8', md: 'text/markdown; charset=utf-8', svg: 'image/svg+xml', png: 'image/png',
  jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', avif: 'image/avif',
  ico: 'image/x-icon', woff: 'font/woff', woff2: 'font/woff2', ttf: 'font/ttf', otf: 'font/otf',
  wasm: 'application/wasm', pdf: 'application/pdf', mp4: 'video/mp4', webm: 'video/webm', mp3: 'audio/mpeg',
}

async function find(file) {
  try {
    const real = await fs.realpath(file)
    if (real !== root && !real.startsWith(root + path.sep)) return undefined
    const stat = await fs.stat(real)
    return { file: real, stat }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'].includes(error.code)) return undefined
    throw error
  }
}

function nameOf(url) {
  try {
    const name = decodeURIComponent(new URL(url, 'http://site').pathname)
    if (name.includes('\\0')) return undefined
    const parts = name.split('/').filter((part) => part !== '')
    const hidden = parts.some((part, i) => part.startsWith('.') && !(i === 0 && part === '.well-known'))
    return hidden ? undefined : name
  } catch {
    return undefined
  }
}

async function answer(request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  const name = nameOf(request.url)
  let found = name === undefined ? undefined : await find(path.join(root, name))
  if (found && found.stat.isDirectory()) {
    if (!name.endsWith('/')) {
      const query = request.url.indexOf('?')
      const location = encodeURI(name).replace(/^\\/+/, '/') + '/' + (query < 0 ? '' : request.url.slice(query))
      response.writeHead(308, { location }).end()
      return
    }
    found = await find(path.join(found.file, 'index.html'))
  } else if (found && name.endsWith('/')) found = undefined
  if (found && found.stat.isFile()) return send(request, response, 200, found)
  const page = await find(path.join(root, '404.html'))
  if (page && page.stat.isFile()) return send(request, response, 404, page)
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Not found\\n')
}

function send(request, response, status, { file, stat }) {
  const etag = '"' + stat.size.toString(16) + '-' + Math.floor(stat.mtimeMs).toString(16) + '"'
  const headers = {
    'content-type': types[path.extname(file).slice(1).toLowerCase()] || 'application/octet-stream',
    'cache-control': 'no-cache', etag, 'x-content-type-options': 'nosniff',
  }
  if (status === 200 && request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end()
    return
  }
  response.writeHead(status, { ...headers, 'content-length': stat.size })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  createReadStream(file).on('error', () => response.destroy()).pipe(response)
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error)
    if (!response.headersSent) response.writeHead(500)
    response.end()
  })
})
server.listen(Number(process.env.PORT || 8080), () => console.log('serving on port ' + server.address().port))
for (const signal of ['SIGTERM', 'SIGINT'])
  process.on(signal, () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
`
