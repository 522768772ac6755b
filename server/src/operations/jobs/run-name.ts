import { randomInt } from 'node:crypto'

const HOW =
  'able agile airy alert apt avid bluff bonny chief civil clean deft dense droll eager exact faint fancy fiery fleet frank fresh grand hardy hasty ideal jolly kind lean level light lucid major merry nifty noble novel perky prime quick quiet rapid regal rosy royal sleek smart snug sober spry stout sunny swift tidy urban vivid warm witty zesty'.split(
    ' ',
  )
const WHAT =
  'acorn alder aspen badger beaver birch bison cedar clover comet coral crane dove eagle ember falcon fern finch fox gecko glade grove hare hawk hazel heron holly ibex iris ivy jay koala larch lark lemur lily linnet lotus lynx maple marten meadow mole moss newt oak olive orchid otter owl pine poppy quail raven robin sage sparrow swan tern tulip walnut willow wren'.split(
    ' ',
  )

/** A name for people to tell runs apart, such as `brisk-otter-maple`. */
export const newRunName = (): string => [pick(HOW), pick(WHAT), pick(WHAT)].join('-')

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? 'plain'
