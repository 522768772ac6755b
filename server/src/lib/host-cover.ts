/** Whether a name of a certificate speaks for a host: itself, or `*` for its first label. */
export const covers = (name: string, host: string): boolean =>
  name === host || (name.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1))
