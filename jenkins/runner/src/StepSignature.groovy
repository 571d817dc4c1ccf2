package jenkinsfile

/** The parameters of one step. */
class StepSignature {

    String alone
    List<String> also = []
    List<String> needs
    boolean node
    boolean block

    List<String> getKnown() {
        alone ? [alone] + also : also
    }

    /** What is wrong with these parameter names, or null. */
    String faultOf(Set<String> given) {
        List<String> required = needs == null ? (alone ? [alone] : []) : needs
        String unknown = given.find { !(it in known) }
        if (unknown) {
            return "Invalid parameter \"$unknown\", valid are: ${known.join(', ')}"
        }
        String missing = required.find { !(it in given) }
        missing ? "Missing required parameter: \"$missing\"" : null
    }

}
