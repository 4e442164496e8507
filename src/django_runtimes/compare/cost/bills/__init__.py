"""The bills of AWS's services, each as a list of terms."""
