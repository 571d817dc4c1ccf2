package jenkinsfile

import groovy.json.JsonSlurper
import java.nio.file.Files
import java.nio.file.StandardCopyOption
import net.sf.json.JSON
import net.sf.json.JSONSerializer
import org.apache.tools.ant.DirectoryScanner

/** Steps that read and write the workspace. */
class FileSteps {

    private final Build build

    FileSteps(Build build) {
        this.build = build
    }

    Object dir(StepCall call) {
        File folder = at(call.get('path') as String)
        folder.mkdirs()
        build.within(folder: folder, call.body)
    }

    void deleteDir(StepCall call) {
        call.record.deleted = folder().deleteDir()
    }

    boolean fileExists(StepCall call) {
        at(call.get('file') as String).exists()
    }

    String readFile(StepCall call) {
        at(call.get('file') as String).getText((call.get('encoding') ?: 'UTF-8') as String)
    }

    void writeFile(StepCall call) {
        File file = at(call.get('file') as String)
        file.parentFile.mkdirs()
        file.setText(call.get('text') as String, (call.get('encoding') ?: 'UTF-8') as String)
    }

    Object readJSON(StepCall call) {
        String text = call.get('text') ?: at(call.get('file') as String).getText('UTF-8')
        call.get('returnPojo') ? new JsonSlurper().parseText(text) : JSONSerializer.toJSON(text)
    }

    String writeJSON(StepCall call) {
        JSON json = JSONSerializer.toJSON(call.get('json'))
        String text = call.get('pretty') ? json.toString(call.get('pretty') as int) : json.toString()
        if (call.get('returnText')) {
            return text
        }
        at(call.get('file') as String).setText(text, 'UTF-8')
        null
    }

    /** As the git plug-in: in a workspace that holds no clone what lies there goes, else what git does not track. */
    void checkout(StepCall call) {
        String commit = build.config.scm.commit ?: git(['-C', build.config.scm.path, 'rev-parse', 'HEAD'])
        if (new File(folder(), '.git').exists()) {
            git(['fetch', '--quiet', 'origin'])
            git(['clean', '--quiet', '-ffdx'])
        } else {
            folder().deleteDir()
            git(['clone', '--quiet', '--no-hardlinks', '--no-checkout', build.config.scm.path, '.'])
        }
        git(['checkout', '--quiet', '--force', '--detach', commit])
        build.assigned.putAll(GIT_COMMIT: git(['rev-parse', 'HEAD']), GIT_BRANCH: build.config.branch as String,
                              GIT_URL: build.config.scm.path as String)
        call.record.commit = build.assigned.GIT_COMMIT
    }

    void stash(StepCall call) {
        String includes = call.get('includes') ?: '**'
        List<String> names = matching(folder(), includes, call.get('excludes') as String)
        if (!names && !call.get('allowEmpty')) {
            throw new StepFailed("No files included in stash '${call.get('name')}'")
        }
        File target = stashed(call)
        target.mkdirs()
        names.each { copy(new File(folder(), it), new File(target, it)) }
        call.record.files = names
    }

    void unstash(StepCall call) {
        File source = stashed(call)
        if (!source.exists()) {
            throw new StepFailed("No such saved stash '${call.get('name')}'")
        }
        matching(source, '**').each { copy(new File(source, it), new File(folder(), it)) }
    }

    static List<String> matching(File folder, String includes, String excludes = null) {
        DirectoryScanner scanner = new DirectoryScanner(basedir: folder, includes: includes.split(/\s*,\s*/))
        scanner.excludes = excludes ? excludes.split(/\s*,\s*/) : []
        scanner.addDefaultExcludes()
        scanner.scan()
        scanner.includedFiles.sort() as List
    }

    static void copy(File source, File target) {
        target.parentFile.mkdirs()
        Files.copy(source.toPath(), target.toPath(), StandardCopyOption.COPY_ATTRIBUTES,
                   StandardCopyOption.REPLACE_EXISTING)
    }

    private File stashed(StepCall call) {
        new File(build.workspace, "stashes/${call.get('name')}")
    }

    private File folder() {
        build.frame.nearest('folder') as File
    }

    private File at(String path) {
        new File(path).absolute ? new File(path) : new File(folder(), path)
    }

    private String git(List<Object> arguments) {
        folder().mkdirs()
        ProcessBuilder builder = new ProcessBuilder((['git'] + arguments)*.toString()).directory(folder())
        Process process = builder.redirectErrorStream(true).start()
        String output = process.inputStream.text.trim()
        if (process.waitFor() != 0) {
            throw new StepFailed("git ${arguments[0]}: $output")
        }
        output
    }

}
