package seed

/** Runs a block with an object's methods; variables of the script stay visible. */
class Delegation {

    static void run(Object delegate, Closure body) {
        Closure block = body.rehydrate(delegate, body.owner, body.thisObject)
        block.resolveStrategy = Closure.DELEGATE_FIRST
        block.call()
    }

}

/** Takes the blocks of one block; any other name is an error. */
class Blocks {

    private final Map<String, Closure> known

    Blocks(Map<String, Closure> known) {
        this.known = known
    }

    Object methodMissing(String name, Object arguments) {
        if (!known.containsKey(name)) {
            throw new MissingMethodException(name, Blocks, arguments as Object[])
        }
        known[name].call((arguments as List)[0])
    }

}

/** Takes the settings of one block; any other name is an error. */
class Values {

    private final Map<String, Object> known
    private final Map<String, Object> into

    Values(Map<String, Object> known, Map<String, Object> into) {
        this.known = known
        this.into = into
    }

    Object methodMissing(String name, Object arguments) {
        if (!known.containsKey(name)) {
            throw new MissingMethodException(name, Values, arguments as Object[])
        }
        into[name] = (arguments as List)[0]
    }

}
