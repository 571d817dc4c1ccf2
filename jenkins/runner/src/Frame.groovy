package jenkinsfile

import java.util.concurrent.atomic.AtomicBoolean

/** What the steps of one block run inside. What it does not set, the block around it does. */
class Frame {

    Frame outer
    Map<String, String> env = [:]
    Map<String, String> instanceRole
    Map nodeEnv
    File folder
    StageRecord stage
    boolean timed
    AtomicBoolean failedFast

    Object nearest(String name) {
        this."$name" != null ? this."$name" : outer?.nearest(name)
    }

    boolean isUnderTimeout() {
        timed || outer?.underTimeout
    }

    void collectEnv(Map<String, String> into) {
        outer?.collectEnv(into)
        into.putAll(env)
    }

}
