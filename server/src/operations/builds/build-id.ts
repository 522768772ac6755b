import { randomInt } from 'node:crypto'

const FIRST =
  'amber bold brave brisk bright calm clear clever cool crisp deep eager early fair fast fine firm fond fresh gentle glad golden good grand happy keen kind late light lively loyal lucky mellow merry mild neat noble open plain proud quick quiet rapid ready rosy round sharp silver simple smooth soft solid steady still strong sunny sure swift tidy true warm wide wise young'.split(
    ' ',
  )
const SECOND =
  'anchor arch bank barge bay beach beacon berth boat bridge buoy cape cargo chart cliff coast cove creek crew current deck delta dock drift ferry fleet foam fog gale gull harbour haven hull inlet island jetty keel knot lagoon lake ledge marsh mast moon oar ocean pier pilot port quay reef ridge river sail sand sea shell ship shore star storm stream tide wave'.split(
    ' ',
  )

/** A new build id: two words and a number, such as `calm-harbour-4127`. */
export const newBuildId = (): string => `${pick(FIRST)}-${pick(SECOND)}-${randomInt(1000, 10_000)}`

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? 'plain'
