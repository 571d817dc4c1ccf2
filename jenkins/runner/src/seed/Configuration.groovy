package seed

/** Runs a `configure` block: Job DSL's operators on XML nodes, and elements that are written as calls. */
class Configuration {

    static void apply(Node project, Closure body) {
        Elements elements = new Elements(null)
        Closure block = body.rehydrate(elements, body.owner, body.thisObject)
        block.resolveStrategy = Closure.DELEGATE_FIRST
        use(NodeOperators) {
            block.call(project)
        }
    }

}

/** `node / name` finds or makes a child, `node << child` appends one. */
@Category(Node)
class NodeOperators {

    Node div(String name) {
        List found = this.get(name) as List
        found ? found[0] as Node : this.appendNode(name)
    }

    Node div(Node wanted) {
        Node found = this.children().find { it instanceof Node && it.name() == wanted.name() } as Node
        if (!found) {
            this.append(wanted)
        }
        found ?: wanted
    }

    Node leftShift(Node child) {
        this.append(child)
        this
    }

}

/** A name alone is the name of a node; a call is an element with text, attributes or children. */
class Elements {

    private final Node parent

    Elements(Node parent) {
        this.parent = parent
    }

    Object propertyMissing(String name) {
        name
    }

    Node methodMissing(String name, Object arguments) {
        Node made = new Node(null, name)
        (arguments as List).each { Object argument ->
            if (argument instanceof Map) {
                made.attributes().putAll(argument)
            } else if (argument instanceof Closure) {
                Delegation.run(new Elements(made), argument)
            } else {
                made.value = "$argument".toString()
            }
        }
        parent?.append(made)
        made
    }

}
