/** When the values of a group are received, in words. */
export const SCOPES = [
  { value: 'environment', label: 'when it runs' },
  { value: 'arguments', label: 'when it is built' },
  { value: 'environment-arguments', label: 'when it is built and when it runs' },
]

export const scopeWords = (scope: string): string =>
  SCOPES.find(({ value }) => value === scope)?.label ?? scope
