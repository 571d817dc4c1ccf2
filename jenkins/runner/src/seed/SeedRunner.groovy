package seed

import groovy.json.JsonSlurper
import groovy.xml.XmlUtil
import org.codehaus.groovy.control.CompilerConfiguration

/** Runs a seed script without a controller. Arguments: the script, a JSON file of its variables, the XML to write. */
class SeedRunner {

    static void main(String[] arguments) {
        Map variables = new JsonSlurper().parse(new File(arguments[1]), 'UTF-8') as Map
        CompilerConfiguration compiler = new CompilerConfiguration(scriptBaseClass: SeedScript.name)
        SeedScript script = new GroovyShell(SeedRunner.classLoader, new Binding(variables), compiler)
            .parse(new File(arguments[0])) as SeedScript
        script.run()
        if (script.projects.size() != 1) {
            throw new IllegalStateException("expected one project, found ${script.projects.size()}")
        }
        new File(arguments[2]).setText(XmlUtil.serialize(script.projects[0].toXml()), 'UTF-8')
    }

}

/** What a seed script may call: Job DSL's static API, as far as the seed uses it. */
abstract class SeedScript extends Script {

    final List<MultibranchProject> projects = []

    void multibranchPipelineJob(String name, Closure body) {
        projects << new MultibranchProject(name)
        Delegation.run(projects[-1], body)
    }

}
