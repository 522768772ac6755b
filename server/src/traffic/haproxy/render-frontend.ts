/** The part of HAProxy's configuration that does not depend on services. Pure. */
import { CERTIFICATE_LIST, type HaproxySettings, KEEP_ALIVE_MS } from './settings.ts'

const CIPHERS =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:' +
  'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305'

/** `structure` comes back as the description in `show info`: so a worker says which configuration it serves. */
export const globalSection = ({ maxConnections }: HaproxySettings, structure: string): string[] => [
  '# Written by Fairway. Changes made here are lost.',
  'global',
  `  description ${structure}`,
  // Without a number HAProxy takes what the system allows, which may be far more than it can hold.
  '  fd-hard-limit 100000',
  ...(maxConnections === undefined ? [] : [`  maxconn ${maxConnections}`]),
  // Old workers live as long as their sockets do, within reason.
  '  hard-stop-after 12h',
  '  mworker-max-reloads 50',
  // Two gateways on one port would share its connections unnoticed.
  '  noreuseport',
  '  log stdout format raw daemon info',
  `  ssl-default-bind-ciphers ${CIPHERS}`,
  '  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
  '',
  'defaults',
  '  mode http',
  '  option dontlognull',
  '  option redispatch 1',
  '  retries 3',
  '  retry-on conn-failure empty-response',
  '  option clitcpka',
  '  option srvtcpka',
  '  option idle-close-on-response',
  '  http-reuse safe',
  '  timeout connect 2s',
  '  timeout queue 10s',
  '  timeout client 60s',
  '  timeout client-fin 30s',
  '  timeout http-request 30s',
  `  timeout http-keep-alive ${KEEP_ALIVE_MS}ms`,
  '  timeout server 20d',
  '  timeout tunnel 20d',
  ...errorPages,
]

const page = (status: number, title: string, reason: string, more = ''): string =>
  `  http-error status ${status} content-type "text/plain; charset=utf-8" ` +
  `string "${status} ${title}: ${reason}\\n" hdr Cache-Control no-store hdr Server Fairway${more}`

const errorPages = [
  page(400, 'Bad Request', 'The request is malformed.'),
  page(408, 'Request Timeout', 'The request took too long to arrive.'),
  page(413, 'Content Too Large', 'The service takes no body of this size.'),
  page(429, 'Too Many Requests', 'The service takes fewer requests a second.', ' hdr Retry-After 1'),
  page(502, 'Bad Gateway', 'The instance broke the connection before it answered.'),
  page(503, 'Service Unavailable', 'No instance of the service is ready.', ' hdr Retry-After 1'),
  page(504, 'Gateway Timeout', 'The instance did not answer in time.'),
]

type Frontend = {
  settings: HaproxySettings
  /** No redirects: no host asks for them. */
  maps: { routes: string; redirects?: string | undefined }
  metrics: boolean
}

export const httpFrontend = ({ settings, maps, metrics }: Frontend): string[] => [
  '',
  'frontend public',
  '  log global',
  ...binds(settings),
  ...logFormat(settings),
  '  http-request set-var(txn.host) req.hdr(host),host_only,lower',
  '  http-request set-var(txn.host) var(txn.host),regsub(\\.$,) if { var(txn.host) -m end . }',
  '  acl secure ssl_fc',
  '  acl challenge path_beg /.well-known/acme-challenge/',
  ...(maps.redirects === undefined
    ? []
    : [
        `  http-request redirect scheme https code 308 if !secure !challenge { var(txn.host),map_str(${maps.redirects}) -m found }`,
      ]),
  ...headers,
  ...lookups(maps.routes),
  '  http-request disable-l7-retry if !{ method GET HEAD OPTIONS }',
  '  use_backend challenge if challenge !secure { nbsrv(challenge) gt 0 }',
  '  use_backend %[var(txn.backend)]:ws if { var(txn.backend) -m found } { req.hdr(upgrade) -i websocket }',
  '  use_backend %[var(txn.backend)] if { var(txn.backend) -m found }',
  '  default_backend nowhere',
  '',
  'backend nowhere',
  '  http-request return status 404 content-type "text/plain; charset=utf-8" string "404 Not Found: No service is routed for this host and path.\\n" hdr Cache-Control no-store hdr Server Fairway',
  ...(metrics && settings.metricsPort !== undefined ? metricsFrontend(settings.metricsPort) : []),
]

function binds({ listen, httpsPort }: HaproxySettings): string[] {
  const plain = `  bind ${listen.host}:${listen.port}`
  if (httpsPort === undefined) return [plain]
  const tls = `  bind ${listen.host}:${httpsPort} ssl crt-list ${CERTIFICATE_LIST} strict-sni alpn h2,http/1.1`
  return [plain, tls]
}

/** Backend, server, status, times, how it ended, when: for counting. Then what people want to know; never the query. */
function logFormat({ accessLog = true }: HaproxySettings): string[] {
  const counted = 'R %b %s %ST %Tw %Tc %Tr %Ta %ts %[date(0,ms)] %Td %B'
  const told = accessLog ? '%ci %HM %[var(txn.host)] %[var(txn.request)] %HP' : '- - - - -'
  return [`  log-format "${counted} ${told}"`]
}

const headers = [
  '  http-request set-var(txn.request) req.hdr(x-request-id) if { req.hdr(x-request-id) -m reg ^[A-Za-z0-9_.:+/=-]{1,128}$ }',
  '  http-request set-var(txn.request) uuid() if !{ var(txn.request) -m found }',
  '  http-request set-header X-Request-Id %[var(txn.request)]',
  '  http-request del-header Forwarded',
  '  http-request del-header X-Forwarded- -m beg',
  '  http-request del-header X-Real-IP',
  '  http-request del-header Proxy',
  '  http-request set-header X-Forwarded-For %[src]',
  '  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]',
  '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
]

/** The exact host, then the host with `*` for its first label, then `*`; within each the longest path prefix. */
const lookups = (map: string): string[] => [
  '  http-request set-var(txn.path) path',
  `  http-request set-var(txn.backend) var(txn.host),concat(,txn.path,/),map_beg(${map})`,
  `  http-request set-var(txn.backend) var(txn.host),regsub(^[^.]+,*),concat(,txn.path,/),map_beg(${map}) if !{ var(txn.backend) -m found }`,
  `  http-request set-var(txn.backend) str(*),concat(,txn.path,/),map_beg(${map}) if !{ var(txn.backend) -m found }`,
]

const metricsFrontend = (port: number): string[] => [
  '',
  'frontend metrics',
  '  option dontlog-normal',
  `  bind 127.0.0.1:${port}`,
  '  http-request use-service prometheus-exporter if { path /metrics }',
]
