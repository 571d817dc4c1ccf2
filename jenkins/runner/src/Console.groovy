package jenkinsfile

import java.time.Instant
import java.time.temporal.ChronoUnit
import java.util.concurrent.ConcurrentHashMap

/** The build's log. No secret that the build was given is ever printed. */
class Console {

    boolean timestamps
    private final PrintStream log
    private final Set<String> secrets = ConcurrentHashMap.newKeySet()

    Console(File file) {
        log = new PrintStream(new FileOutputStream(file), true, 'UTF-8')
    }

    void hide(String secret) {
        secret.readLines().findAll { it }.each { secrets << it }
    }

    String mask(String text) {
        secrets.sort { -it.length() }.inject(text) { masked, secret -> masked.replace(secret, '****') }
    }

    void say(String text) {
        String prefix = timestamps ? "[${Instant.now().truncatedTo(ChronoUnit.MILLIS)}] " : ''
        mask(text).readLines().each { line ->
            synchronized (log) {
                log.println(prefix + line)
            }
        }
    }

}
